/** JSON texts that are refused: RFC 8259, with the limits of RFC 7493 (I-JSON) that STIX needs. */
import type { JSON_CODES } from '../codes.ts';

export type JsonFaultCode = keyof typeof JSON_CODES;

/** Why a JSON text or value is refused; `path` is a JSONPath (RFC 9535) to the place. */
export class JsonFault extends Error {
  readonly code: JsonFaultCode;
  readonly path: string;
  readonly detail: string;
  /** The limit that was exceeded, where it is one. */
  readonly limit: number | undefined;

  constructor(code: JsonFaultCode, path: string, detail: string, limit?: number) {
    super(`${detail} (${path})`);
    this.name = 'JsonFault';
    this.code = code;
    this.path = path;
    this.detail = detail;
    this.limit = limit;
  }
}

/** Deepest nesting of lists and objects that is read; STIX needs about ten. */
export const JSON_DEPTH_MAX = 64;

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** Writes the steps from the root as a JSONPath: `$.objects[3]['x y']`. */
export function jsonPath(steps: readonly (string | number)[]): string {
  let text = '$';
  for (const step of steps) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (PLAIN_NAME.test(step)) text += `.${step}`;
    else text += `['${quotable(step)}']`;
  }
  return text;
}

function quotable(step: string): string {
  const short = step.length > 100 ? `${step.slice(0, 100)}…` : step;
  return JSON.stringify(short.toWellFormed()).slice(1, -1).replaceAll("'", "\\'");
}
