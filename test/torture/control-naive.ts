import { setTimeout as delay } from 'node:timers/promises';
import { readPage } from '../../src/log/reader.ts';
import { startSequencer } from '../../src/log/sequencer.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import type { Database } from '../../src/store/postgres/database.ts';
import { findSequencerLag } from '../../src/store/content/log.ts';
import { createLedger, put, type Ledger } from './ledger.ts';
import type { Control } from './control.ts';
import { shareMadeUp } from './made-up.ts';
import { judge } from './oracle.ts';
import { createRandom } from './random.ts';
import { withOwner } from './sequencing.ts';
import { openStage, raiseStage } from './stage.ts';

const WRITERS = 6;
const HOLD_MS_MAX = 40;
const READER = { organisation: 'cert-b', door: 'changes', holdMs: 0 } as const;

/**
 * Reads the versions by `id > cursor`, as if the numbers were given in the order of the commits,
 * while slow and rolled-back transactions write; beside it, the same is read from the log.
 */
export const naiveCursor: Control = async ({ seconds, seed }) => {
  const stage = await raiseStage();
  const store = await openStage(stage);
  const { db } = store;
  const sequencer = startSequencer({ db, onHead: () => undefined, onError: () => undefined });
  try {
    const random = createRandom(seed);
    const wrong = createLedger();
    const right: Ledger = { ...createLedger(), posted: wrong.posted };
    const member = await memberOfOrganisation(db, 'cert-a', 'torture');
    const over = AbortSignal.timeout(seconds * 1000);
    const writing = Array.from({ length: WRITERS }, async (_, i) => {
      const chance = random.fork(`writer ${i}`);
      while (!over.aborted) {
        await shareMadeUp({ db, member, ledger: wrong, random: chance }, async () => {
          await delay(chance.between(0, HOLD_MS_MAX));
          return chance.chance(0.8);
        });
      }
    });
    const done = new AbortController();
    const reading = [readById(stage.url, wrong, done.signal), readLog(db, right, done.signal)];
    await Promise.all(writing);
    await untilSequenced(db);
    done.abort();
    await Promise.all(reading);
    const stored = new Set(
      [...wrong.posted.values()].flatMap(({ fate, key }) => (fate === 'accepted' ? key : [])),
    );
    return { fault: 'skipped', wrong: judge(wrong, stored), right: judge(right, stored) };
  } finally {
    await sequencer.close();
    await store.close();
    await stage.strike();
  }
};

async function readById(url: string, ledger: Ledger, done: AbortSignal): Promise<void> {
  const name = 'by id';
  ledger.readers.set(name, { ...READER, name });
  await withOwner(url, async (client) => {
    let cursor = '0';
    for (let last = false; !last;) {
      last = done.aborted;
      const { rows } = await client.query<{ id: string; content: string }>(
        'select id, content from version where id > $1 order by id',
        [cursor],
      );
      cursor = rows.at(-1)?.id ?? cursor;
      note(ledger, name, rows);
      await delay(2);
    }
  });
}

async function readLog(db: Database, ledger: Ledger, done: AbortSignal): Promise<void> {
  const name = 'by the log';
  ledger.readers.set(name, { ...READER, name });
  const { viewer } = await memberOfOrganisation(db, READER.organisation, 'torture');
  let after = 0;
  for (let last = false; !last;) {
    last = done.aborted;
    const page = await readPage(db, viewer, { after, limit: 1000 });
    after = page.next;
    note(ledger, name, page.rows);
    if (page.more) last = false;
    await delay(2);
  }
}

function note(ledger: Ledger, reader: string, rows: readonly { content: string | null }[]): void {
  if (rows.length === 0) return;
  const seen = rows.map(({ content }) => put(JSON.parse(content ?? '{}')));
  ledger.batches.push({ reader, id: '', beganMs: performance.now(), taken: true, seen });
}

/** Waits until the inbox is empty. */
async function untilSequenced(db: Database): Promise<void> {
  while ((await findSequencerLag(db)) > 0) await delay(20);
}
