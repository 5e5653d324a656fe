import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Problem } from '../errors.ts';
import { findSequencerLag } from '../log/bounds.ts';
import { describePending, findPending } from '../store/postgres/migrate.ts';
import { StoreError } from '../store/postgres/store-error.ts';
import { isOutOfRoom } from '../store/postgres/transaction.ts';
import { VERSION } from '../version.ts';
import type { Services } from './context.ts';
import { noun, type Route } from './zod-app.ts';
import { answer } from './document/answer.ts';
import { problems } from './document/problems.ts';

/** A committed row that waits longer than this means that nobody sequences. */
const SEQUENCER_LAG_SECONDS_MAX = 10;
const ASK_AGAIN_MS = 1000;
/** A database that hangs holds an answer up no longer. */
const ANSWER_MS = 5000;

const HealthAnswer = z
  .object({ status: z.literal('ok'), version: z.string() })
  .meta({ id: 'Health' });
const ReadyAnswer = z
  .object({
    status: z.literal('ready'),
    sequencer_lag_seconds: z.number().meta({ description: 'Age of what waits to be sequenced' }),
  })
  .meta({ id: 'Ready' });

const healthz: Route = (app) => {
  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getHealth',
        summary: 'Check that the process answers',
        description:
          'It does not use the database: use it to decide whether to restart the process.',
        tags: ['Operations'],
        response: { 200: answer('It answers', HealthAnswer), ...problems(400) },
      },
    },
    () => ({ status: 'ok' as const, version: VERSION }),
  );
};

const readyz: Route = (app, services) => {
  const lag = askedOnce(services);
  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Check that the server can do its work',
        description:
          'It queries the database at most once a second: use it to decide whether to send requests to this server.',
        tags: ['Operations'],
        response: { 200: answer('It can', ReadyAnswer), ...problems(400, 503) },
      },
    },
    async () => ({ status: 'ready' as const, sequencer_lag_seconds: await lag() }),
  );
};

/** `/healthz`: the process answers. `/readyz`: it can do its work. */
export const health = noun(healthz, readyz);

/**
 * Asks the database at most once a second, and one question at a time, however often it is asked:
 * anybody may ask.
 */
function askedOnce(services: Services): () => Promise<number> {
  let asked: { atMs: number; answer: Promise<number>; underWay: boolean } | undefined;
  return () => {
    const nowMs = performance.now();
    if (asked === undefined || (!asked.underWay && nowMs - asked.atMs > ASK_AGAIN_MS)) {
      const question = { atMs: nowMs, answer: readiness(services), underWay: true };
      const over = (): void => {
        question.underWay = false;
      };
      question.answer.then(over, over);
      asked = question;
    }
    return within(asked.answer, asked.atMs + ANSWER_MS - nowMs);
  };
}

async function within(answer: Promise<number>, ms: number): Promise<number> {
  const over = new AbortController();
  const late = delay(Math.max(0, ms), undefined, { ref: false, signal: over.signal }).then(() => {
    throw new Problem('not_ready', 'The database does not answer');
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

/** The sequencer's lag. Throws Problem not_ready naming what is wrong, or storage_full. */
async function readiness({ db, stopping }: Services): Promise<number> {
  if (stopping.aborted) throw new Problem('not_ready', 'The server is stopping');
  let lag: number;
  try {
    const pending = describePending(await findPending(db.url));
    if (pending !== undefined)
      throw new Problem('not_ready', `The database is not migrated: ${pending}`);
    lag = await findSequencerLag(db);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    if (cause instanceof StoreError) throw new Problem('not_ready', cause.code, { cause });
    throw new Problem('not_ready', 'The database does not answer', { cause });
  }
  if (await isOutOfRoom(db)) {
    throw new Problem('storage_full', 'No disk space is left; reading still works');
  }
  if (lag > SEQUENCER_LAG_SECONDS_MAX) {
    throw new Problem(
      'not_ready',
      `What was posted has waited ${Math.round(lag)} s to be sequenced`,
    );
  }
  return lag;
}
