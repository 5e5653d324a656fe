import { z } from 'zod';
import { SummaryAnswer } from '../bundles/summary.ts';

/** RFC 9457 §3, with our stable code. */
const ProblemAnswer = z
  .looseObject({
    type: z.string().meta({ description: 'The page about this code on this server' }),
    title: z.string().meta({ description: 'The code in words, always the same' }),
    status: z.number().int(),
    code: z.string().meta({ description: 'Stable; has a page under /docs/errors' }),
    detail: z.string().meta({ description: 'What is wrong and what to do' }),
    path: z.string().optional().meta({ description: 'Where in the request' }),
    instance: z.string().meta({ description: 'The id under which the request was logged' }),
    summary: SummaryAnswer.optional().meta({
      description:
        'For objects sent one per line: the outcomes of those before the problem. They stay ' +
        'stored, and you may send them again',
    }),
  })
  .meta({
    id: 'Problem',
    description: 'What was wrong (RFC 9457). Some codes add members, such as `limit`.',
    examples: [
      {
        type: '/docs/errors/cursor_invalid',
        title: 'The server did not issue this cursor to your organisation',
        status: 400,
        code: 'cursor_invalid',
        detail: 'Give a cursor from an earlier answer to your organisation, whole',
        path: 'querystring.after',
        instance: '7d0f6f0e-53e8-4f0c-9d5e-2f3f9f1f8a11',
      },
    ],
  });

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request cannot be understood or is not allowed as it is',
  401: 'No key, or one that is not valid',
  403: 'The key does not allow this',
  404: 'Nothing exists here that you may see',
  406: 'None of the accepted media types is available',
  409: 'It conflicts with what is stored',
  410: 'The cursor is older than the log: start again without a cursor',
  413: 'Larger than the limit that the answer names',
  415: 'The media type, its parameters or the content encoding is not supported',
  422: 'The content that was posted is not acceptable',
  429: 'Too many requests: `Retry-After` says when to try again',
  502: 'An upstream server failed',
  503: 'The server cannot do its work now',
};

type ProblemResponse = {
  readonly description: string;
  readonly content: { readonly 'application/problem+json': { readonly schema: z.ZodType } };
};

/** What every route that takes a key can answer: key_in_url and rate_limited. */
const WITH_KEY = [400, 429];

/** The problem answers of a route, by status. */
export function problems(...statuses: number[]): Record<number, ProblemResponse> {
  const content = { 'application/problem+json': { schema: ProblemAnswer } };
  const all = statuses.includes(401) ? new Set([...statuses, ...WITH_KEY]) : new Set(statuses);
  return Object.fromEntries(
    [...all].map((status) => [status, { description: MEANINGS[status] ?? '', content }]),
  );
}
