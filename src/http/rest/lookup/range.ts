import { randomBytes } from 'node:crypto';
import { readRange } from '../../../reading/lookup-range.ts';
import { READERS } from '../../auth/access.ts';
import { answer } from '../../document/answer.ts';
import { problems } from '../../document/problems.ts';
import { makeRoom } from '../../edge/answers.ts';
import { sendRaw } from '../../edge/raw.ts';
import { readingOf } from '../../member-reading.ts';
import type { Route } from '../../zod-app.ts';
import { RangeAnswer, RangeParams } from '../schemas/lookup.ts';

const ANSWER_BYTES = 2 * 1024 * 1024;
/** Every answer is as long as a power of two, and no shorter than this. */
const LENGTH_MIN = 8192;

/** `GET /lookup/range/{prefix}`: all values of a range, so that nobody learns which one was meant. */
export const range: Route = (app, services) => {
  app.get(
    '/lookup/range/:prefix',
    {
      config: { access: READERS, reads: true, inExercises: true },
      schema: {
        operationId: 'lookUpRange',
        summary: 'Look a value up without naming it',
        description:
          'Send the first digits of SHA-256 of the type, a zero byte and the normalised value, and look ' +
          'for the rest among the suffixes. The answer has at least 64 entries where you see that many ' +
          'values: with fewer, it has those of a shorter prefix.',
        tags: ['Reading'],
        params: RangeParams,
        response: {
          200: answer('The values whose digests begin with the prefix', RangeAnswer),
          ...problems(400, 401, 403, 422),
        },
      },
    },
    async (request, reply) => {
      await makeRoom(services, request, reply, ANSWER_BYTES);
      const { prefix } = request.params;
      const found = await readRange(readingOf(services, request), {
        prefix,
        now: services.clock.now(),
      });
      const entries = found.entries.map(({ key, verdict, lastShared }) => ({
        suffix: key.slice(found.prefix.length),
        verdict,
        last_shared: lastShared,
      }));
      const body = padded({ prefix: found.prefix, digits: found.digits, entries });
      await sendRaw(reply, 'application/json; charset=utf-8', body);
      return reply;
    },
  );
};

function padded(content: object): string {
  const text = JSON.stringify({ ...content, padding: '' });
  const length = Math.max(LENGTH_MIN, 2 ** Math.ceil(Math.log2(text.length)));
  const digits = randomBytes(Math.ceil((length - text.length) / 2)).toString('hex');
  return `${text.slice(0, -2)}${digits.slice(0, length - text.length)}"}`;
}
