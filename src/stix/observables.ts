/** Observables: the atomic values by which indicators are looked up. */
import type { StixObject } from './object.ts';

export interface Observable {
  readonly kind: string;
  readonly value: string;
}

const COMPARISON = /([a-z0-9-]+):value ?= ?'([^'\\]*)'/g;

/** The values in an indicator's pattern, or of a cyber-observable object; without repeats. */
export function observablesOf(object: StixObject): Observable[] {
  const found = new Map<string, Observable>();
  const add = (kind: string, value: string): void => {
    found.set(`${kind} ${value}`, { kind, value });
  };
  if (object.type === 'indicator' && typeof object.pattern === 'string') {
    for (const [, kind = '', value = ''] of object.pattern.matchAll(COMPARISON)) {
      add(kind, value.toLowerCase());
    }
  } else if (typeof object.value === 'string') {
    add(object.type, object.value.toLowerCase());
  }
  return [...found.values()];
}
