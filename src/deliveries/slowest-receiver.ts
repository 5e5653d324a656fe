import { findLogBounds } from '../log/bounds.ts';
import { readBatch } from '../reading/batch.ts';
import type { Database } from '../store/postgres/database.ts';
import { listReceiversBehind, type ReceiverBehind } from '../store/members/status.ts';
import { WEBHOOK_CEILING } from './deliver.ts';
import { SubscriptionFilter, toLogFilter } from './filter.ts';

/** A receiver to which deliveries are due. */
interface SlowReceiver {
  readonly id: string;
  /** A slug. */
  readonly organisation: string;
  /** How many rows of the log are due to it. */
  readonly rows: number;
  /** Whether there are more than were counted. */
  readonly more: boolean;
}

/** Only so many subscriptions are looked at, and so many rows counted: an operator waits for it. */
const LOOKED_AT_MAX = 20;
const COUNTED_MAX = 10_000;

/**
 * The active subscription to which most rows are due. A worker stores a cursor when it sends something, so the
 * stored one of an idle receiver lies behind rows that are not for it: only rows that it would be sent count.
 */
export async function findSlowestReceiver(db: Database): Promise<SlowReceiver | undefined> {
  const behind = await listReceiversBehind(db, LOOKED_AT_MAX);
  const { head } = await findLogBounds(db);
  const found = await Promise.all(behind.map((receiver) => countDue(db, receiver, head)));
  return found.filter(({ rows }) => rows > 0).toSorted((a, b) => b.rows - a.rows)[0];
}

async function countDue(db: Database, receiver: ReceiverBehind, head: number) {
  const { id, organisation, organisationId, realmId, cursor, currentTo } = receiver;
  // Asked for its places alone, and given to nobody.
  const { objects: rows, more } = await readBatch(
    db,
    { organisationId, realmId, rankMax: WEBHOOK_CEILING, cleared: false },
    {
      after: cursor,
      limit: COUNTED_MAX,
      currentTo: currentTo > cursor ? currentTo : 0,
      filter: toLogFilter(SubscriptionFilter.parse(receiver.filter), receiver.identities),
      upTo: head,
    },
    (part) => part.places(),
  );
  return { id, organisation, rows, more };
}
