/** What is wrong with a body before it is parsed, in our words: by what the route takes. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../../errors.ts';
import { kindOf, type BodyKind } from './kinds.ts';
import { BodyTooLarge } from '../../body/receive.ts';

const WRONG_TYPES = ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'FST_ERR_CTP_EMPTY_TYPE'];

/** The problem, or undefined when the error is about something else. */
export function problemOfBody(
  error: unknown,
  { bodyLimit, config }: Pick<FastifyRequest['routeOptions'], 'bodyLimit' | 'config'>,
): Problem | undefined {
  const kind = kindOf(config);
  if (error instanceof BodyTooLarge) {
    const extra = { limit_bytes: bodyLimit };
    return new Problem('body_too_large', tooLarge(kind, bodyLimit), { extra });
  }
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (!WRONG_TYPES.includes(String(error.code))) return undefined;
  return unsupportedType(config);
}

/** The content type is not one of the route; `hint` says more where it is known what was meant. */
export function unsupportedType(
  { body, takes }: FastifyRequest['routeOptions']['config'],
  hint = '',
): Problem {
  const types = Object.keys(takes ?? { 'application/json': {} });
  const last = types.pop() ?? '';
  const list = types.length === 0 ? last : `${types.join(', ')} or ${last}`;
  const lines = body === 'bundle' ? ', the last with one object a line' : '';
  return new Problem('content_type_unsupported', `Send ${list}${lines}.${hint}`, {
    path: 'content-type',
  });
}

function tooLarge(kind: BodyKind, bytesMax: number): string {
  if (kind === 'picture') return `A picture may have ${bytesMax} bytes`;
  if (kind === 'values') {
    return `One JSON document may have ${bytesMax} bytes here. Send more values as text, one per line, which may be of any length.`;
  }
  if (kind === 'document' || kind === 'list') return `The body may have ${bytesMax} bytes here`;
  return (
    `One JSON document may have ${bytesMax} bytes. Send objects in any number to /api/v1/bundles, one a ` +
    'line, as application/x-ndjson, or ask the operator to raise TOCSIN_BODY_BYTES_MAX.'
  );
}
