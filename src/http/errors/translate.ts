/** From whatever was thrown to a Problem. */
import type { FastifyError } from 'fastify';
import { Problem, type ProblemCode } from '../../errors.ts';
import { JsonFault } from '../../stix/json/fault.ts';
import { isOutage, isStorageFull } from '../../store/postgres/outage.ts';
import { noRoom } from '../../store/postgres/room.ts';
import { isTransient } from '../../store/postgres/transient.ts';
import { BodyTooLarge } from '../body/receive.ts';

const OUTAGE = 'The database does not answer at the moment. Try again: nothing is done twice';

const CONTENTION =
  'Other requests are using what this request needs. Nothing was changed. Try again';

/** What Fastify itself finds wrong with a request, in our words. */
const FASTIFY_FAULTS: Record<string, ProblemCode> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_missing',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_EMPTY_TYPE: 'content_type_unsupported',
  FST_ERR_VALIDATION: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_NOT_FOUND: 'not_found',
};

/** Whatever was thrown, as a problem that the caller may see. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof JsonFault) {
    return new Problem(error.code, error.detail, { path: error.path, cause: error });
  }
  if (error instanceof BodyTooLarge) {
    const extra = { limit_bytes: error.bytesMax };
    return new Problem('body_too_large', `The body may have ${error.bytesMax} bytes here`, {
      extra,
    });
  }
  const code = isFastifyError(error) ? FASTIFY_FAULTS[error.code] : undefined;
  if (code !== undefined && error instanceof Error) return new Problem(code, error.message);
  return failureOfStore(error) ?? failureOfServer(error);
}

/** What says nothing about the request, only that nothing can be stored or read just now. */
function failureOfStore(error: unknown): Problem | undefined {
  if (isStorageFull(error)) return noRoom(error);
  if (isOutage(error)) return new Problem('not_ready', OUTAGE, { cause: error });
  if (isTransient(error)) return new Problem('not_ready', CONTENTION, { cause: error });
  return undefined;
}

function failureOfServer(error: unknown): Problem {
  return new Problem('internal_error', 'The failure was logged under the id in `instance`', {
    cause: error,
  });
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
