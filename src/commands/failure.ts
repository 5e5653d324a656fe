/** How commands report what went wrong. */
import { ConfigError } from '../config.ts';
import { Problem } from '../errors.ts';
import { StoreError } from '../store/postgres/store-error.ts';

/** Whether an error says in words what is wrong outside the code; anything else keeps its stack. */
export function isForPeople(error: unknown): error is Error {
  return error instanceof ConfigError || error instanceof StoreError || error instanceof Problem;
}

/** An error as a person should read it. */
export function textOfFailure(error: unknown): string {
  if (isForPeople(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
