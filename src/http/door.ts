/**
 * A door: one protocol, below one prefix. It is a Fastify scope with its own routes, body parsers and
 * form of errors; what is before every door (limits, authentication, fair turns) is in app.ts.
 */
import type { FastifyInstance } from 'fastify';
import { answerErrors, type ErrorForm } from './errors/form.ts';
import { PROBLEM_JSON } from './errors/problem-json.ts';

export interface Door {
  /** Such as `/api/v1`. */
  readonly prefix: string;
  readonly errors: ErrorForm;
  /** Adds the parsers of its bodies and its routes to its scope. */
  open(scope: FastifyInstance): Promise<void> | void;
}

/** Opens a door on the server. */
export async function openDoor(app: FastifyInstance, door: Door): Promise<void> {
  const { prefix, errors } = door;
  await app.register(
    async (scope) => {
      answerErrors(scope, errors);
      await door.open(scope);
    },
    { prefix },
  );
}

/** The form of errors for a URL that could not be routed: that of the door whose prefix it has. */
export function formFor(doors: readonly Door[], url: string): ErrorForm {
  const door = doors.find(
    ({ prefix }) => url.startsWith(prefix) && /^[/?#]?$/.test(url.charAt(prefix.length)),
  );
  return door?.errors ?? PROBLEM_JSON;
}
