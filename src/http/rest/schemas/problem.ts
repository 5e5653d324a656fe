import { z } from 'zod';

/** RFC 9457 §3, with our stable code. */
export const ProblemAnswer = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().meta({ description: 'Stable; has a page under /docs/errors' }),
    detail: z.string().meta({ description: 'What is wrong and what to do' }),
    path: z.string().optional().meta({ description: 'Where in the request' }),
    instance: z.string().meta({ description: 'The id under which the request was logged' }),
  })
  .meta({ id: 'Problem' });

/** The problem answers of a route, by status. */
export function problems(...statuses: number[]): Record<number, typeof ProblemAnswer> {
  return Object.fromEntries(statuses.map((status) => [status, ProblemAnswer]));
}
