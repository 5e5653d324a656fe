/**
 * The record of how much each reader received, written outside of requests: gathered in memory, added
 * to the database every FLUSH_MS, and written to the audit at most once every NOTE_SECONDS for each
 * reader and door. A crash loses what was gathered since the last flush.
 */
import type { Keyring } from '../keyring.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  addDisclosures,
  appendServerEntries,
  takeDueDisclosures,
  type Disclosure,
  type DueDisclosure,
} from '../store/audit/disclosures.ts';
import { asServer } from '../store/postgres/transaction.ts';
import { sealCursor } from '../log/cursor.ts';

export interface Disclosures {
  /** A reader was given objects. Returns at once. */
  record(disclosure: Disclosure): void;
  /** Resolves when all that was recorded is in the database. */
  close(): Promise<void>;
}

const FLUSH_MS = 3000;
const NOTE_SECONDS = 60;
const NOTE_MAX = 1000;

export function gatherDisclosures(db: Database, onError: (error: unknown) => void): Disclosures {
  let gathered = new Map<string, Disclosure>();
  let running: Promise<void> | undefined;

  const record = (disclosure: Disclosure): void => {
    if (disclosure.objects === 0) return;
    const name = `${disclosure.reader} ${disclosure.door} ${disclosure.realmId}`;
    const before = gathered.get(name);
    gathered.set(name, {
      ...disclosure,
      place: Math.max(disclosure.place, before?.place ?? 0),
      objects: disclosure.objects + (before?.objects ?? 0),
    });
  };
  const flush = async (): Promise<void> => {
    const taken = [...gathered.values()];
    if (taken.length === 0) return;
    gathered = new Map();
    try {
      await addDisclosures(db, taken);
    } catch (error) {
      // They go with the next ones.
      for (const disclosure of taken) record(disclosure);
      onError(error);
    }
  };
  const timer = setInterval(() => {
    running ??= flush().finally(() => (running = undefined));
  }, FLUSH_MS);
  return {
    record,
    close: async () => {
      clearInterval(timer);
      await running;
      await flush();
    },
  };
}

/** Tells in the audit what it does not tell yet, of readers told of at least `seconds` ago. */
export async function noteDisclosures(
  db: Database,
  keyring: Keyring,
  seconds: number = NOTE_SECONDS,
): Promise<void> {
  await asServer(db, async (tx) => {
    const due = await takeDueDisclosures(tx, seconds, NOTE_MAX);
    if (due.length === 0) return;
    await appendServerEntries(
      tx,
      due.map((one) => ({
        organisationId: one.organisationId,
        realmId: one.realmId,
        actor: one.reader,
        action: 'objects.disclose',
        detail: {
          door: one.door,
          objects: one.objects,
          state: one.state,
          ...placesOf(keyring, one),
        },
      })),
    );
  });
}

/** Sealed, so that the reader's organisation can be shown the very entry that was hashed. */
function placesOf(keyring: Keyring, due: DueDisclosure): { from?: string; to?: string } {
  if (due.place === 0) return {};
  return { from: sealCursor(keyring, due, due.from), to: sealCursor(keyring, due, due.place) };
}
