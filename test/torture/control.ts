import type { Verdict } from './oracle.ts';

export interface ControlOptions {
  readonly seconds: number;
  readonly seed: number;
}

/** What a control came to: the wrong way must have the fault, the right way beside it must not. */
export interface Controlled {
  readonly fault: 'lost' | 'skipped' | 'leaked';
  readonly wrong: Verdict;
  readonly right: Verdict;
}

export type Control = (options: ControlOptions) => Promise<Controlled>;
