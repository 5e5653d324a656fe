/** Problems as RFC 9457 has them: the form of the REST door, and of what belongs to no door. */
import { type Problem, PROBLEMS } from '../../errors.ts';
import type { ErrorForm } from './form.ts';

/**
 * Details and paths often repeat what the caller sent. Whatever that was, the answer stays small.
 */
const DETAIL_CHARACTERS_MAX = 1_000;
const PATH_CHARACTERS_MAX = 500;

export const PROBLEM_JSON: ErrorForm = {
  contentType: 'application/problem+json; charset=utf-8',
  // Never Basic: a browser would ask for it, remember it, and add it to what other sites send.
  challenge: 'Bearer realm="tocsin"',
  body: (problem, requestId) => JSON.stringify(problemBody(problem, requestId)),
};

/** The members of an answer to a problem (RFC 9457 §3). */
export function problemBody(problem: Problem, instance: string): Record<string, unknown> {
  const { title, status } = PROBLEMS[problem.code];
  return {
    type: `/docs/errors/${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: bounded(problem.message, DETAIL_CHARACTERS_MAX),
    ...(problem.path === undefined ? {} : { path: bounded(problem.path, PATH_CHARACTERS_MAX) }),
    instance,
    ...problem.extra,
  };
}

/** The text, cut off where it is too long. */
function bounded(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${text.slice(0, charactersMax).toWellFormed()}…`;
}
