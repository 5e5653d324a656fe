import { ACCESS_CODES } from './access/codes.ts';
import { DELIVERY_CODES } from './deliveries/codes.ts';
import { FORMAT_CODES } from './formats/codes.ts';
import { HTTP_CODES } from './http/codes.ts';
import { INDICATOR_CODES } from './indicators/codes.ts';
import { LOG_CODES } from './log/codes.ts';
import { MEMBER_CODES } from './members/codes.ts';
import { SEARCH_CODES } from './search/codes.ts';
import { SHARING_CODES } from './sharing/codes.ts';
import { JSON_CODES } from './stix/codes.ts';
import { STORE_CODES } from './store/codes.ts';

/** What a code means in a few words, and the status of its answer. */
interface ProblemKind {
  readonly title: string;
  readonly status: number;
}

/** What any room may throw. */
const GENERAL_CODES = {
  internal_error: { status: 500, title: 'The server failed' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  not_found: { status: 404, title: 'Nothing exists here that you may see' },
  not_ready: { status: 503, title: 'The server is not ready' },
  role_not_allowed: { status: 403, title: 'The role of the key does not allow this' },
  server_busy: { status: 503, title: 'The server is busy' },
} as const;

/**
 * The closed list of error codes of requests. The codes are stable and public; each has a
 * page in docs/errors. A row is declared once, in the `codes.ts` of the room that throws it, and here
 * where several rooms do. What can be wrong with one object of a bundle also has the codes of stix/.
 */
export const PROBLEMS = {
  ...GENERAL_CODES,
  ...JSON_CODES,
  ...SEARCH_CODES,
  ...SHARING_CODES,
  ...STORE_CODES,
  ...LOG_CODES,
  ...ACCESS_CODES,
  ...MEMBER_CODES,
  ...INDICATOR_CODES,
  ...DELIVERY_CODES,
  ...FORMAT_CODES,
  ...HTTP_CODES,
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A detail as a sentence that another one can follow: with a full stop, unless it has its own end. */
export function asSentence(detail: string): string {
  return /[.?!]$/.test(detail) ? detail : `${detail}.`;
}

/**
 * What is wrong with a request. Verbs throw it; each door of http/ answers it in its own form.
 * `path` says where in the request (a JSON path or a parameter), `detail` what to do about it.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly path: string | undefined;
  /** Further members of the answer (RFC 9457 §3.2), such as a limit or the results so far. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { path?: string; extra?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.path = options.path;
    this.extra = options.extra ?? {};
  }
}
