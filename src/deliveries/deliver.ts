import type { Clock } from '../clock.ts';
import type { Egress } from '../egress/egress.ts';
import type { Keyring } from '../keyring.ts';
import type { Disclosures } from '../audit/disclosures.ts';
import { sealCursor } from '../log/cursor.ts';
import { readBatch } from '../reading/batch.ts';
import { NO_QUOTA, type PreparedPage } from '../reading/metered.ts';
import type { LogRow } from '../sharing/log-row.ts';
import { tlpRank } from '../stix/marking/tlp.ts';
import { noteDeadLetter, settle, type AttemptRecord } from '../store/deliveries/attempts.ts';
import type { Database } from '../store/postgres/database.ts';
import { disableUnreadable, findOrder, type Order } from '../store/deliveries/leases.ts';
import type { Logger } from '../telemetry.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { SubscriptionFilter, toLogFilter } from './filter.ts';
import type { LogPart, SharedContents } from './contents.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { changedPayload, type Payload } from './payload.ts';
import { reportAttempt } from './report-attempt.ts';
import { nextStep } from './retry.ts';
import { send, type Sent } from './send.ts';
import { stateAfter } from './subscription-state.ts';

export interface DeliveryContext {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly egress: Egress;
  readonly logger: Logger;
  readonly metrics: DeliveryMetrics;
  readonly disclosures: Pick<Disclosures, 'record'>;
  readonly workerId: string;
  readonly contents: SharedContents;
  /** Opens what is stored encrypted of a subscription. */
  readonly endpoints: Endpoints;
  /** Counts the changes heard of that decide who is sent what, and where to. */
  readonly changesHeard: () => number;
  /** In [0, 1), as Math.random gives it: spreads retries. */
  readonly random: () => number;
}

/** What a step of a subscription came to. */
export type Step =
  /** It has read on to `cursor`; `more` when there is more to read. */
  | {
      readonly kind: 'moved';
      readonly cursor: number;
      readonly sent: boolean;
      readonly more: boolean;
    }
  /** Nothing may be tried before this time (ms since 1970). */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** Its owner has changed it, or set its cursor, since it was leased. */
  | { readonly kind: 'changed' }
  /** It is not this worker's any more, or not active. */
  | { readonly kind: 'lost' };

/** A leased subscription that is behind the log. */
export interface DueSubscription {
  readonly subscriptionId: string;
  /** How far it has read. */
  readonly cursor: number;
  /** How often its owner had changed it or set its cursor when it was leased. */
  readonly revision: number;
  /** How far the log is known to go. */
  readonly head: number;
  /** Whether its lease is known to hold still. */
  isHeld(): boolean;
  /** Called once everything for it was read, if anything was. */
  onRead?(): void;
}

/** What changes while it is read is read again at most so often. */
const READINGS_MAX = 3;

/** What one POST holds, but for its last object: receivers have limits, and one deadline to read it in. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** TLP:RED never leaves through a webhook. */
export const WEBHOOK_CEILING = tlpRank('amber+strict');

/**
 * One step of a subscription: reads the log on from its cursor as its organisation and, when there
 * is something for it, sends one signed batch and settles what came of it. Visibility is
 * checked again each time, and no transaction is open while the receiver answers.
 */
export async function deliver(context: DeliveryContext, due: DueSubscription): Promise<Step> {
  const { db, clock, workerId } = context;
  const { subscriptionId } = due;
  const found = await prepare(context, due);
  if ('kind' in found) return found;
  const { order, page } = found;
  due.onRead?.();
  if (page.objects === 0) {
    return { kind: 'moved', cursor: page.next, sent: false, more: page.more };
  }
  // A process that stood still may hold what another has gone past meanwhile: it would come out of order.
  if (!due.isHeld()) return { kind: 'lost' };
  const endpoint = context.endpoints.open(subscriptionId, order, clock.now().getTime());
  if (endpoint !== undefined) {
    return dispatch(context, { subscriptionId, endpoint }, order, page);
  }
  await disableUnreadable(db, { workerId, subscriptionId });
  return { kind: 'lost' };
}

interface Prepared {
  readonly order: Order;
  readonly page: PreparedPage<LogPart>;
}

/**
 * The order and what there is for it. Both are read again if something that decides about them was heard to
 * change while they were read.
 */
async function prepare(context: DeliveryContext, due: DueSubscription): Promise<Prepared | Step> {
  const { db, clock, workerId, changesHeard } = context;
  const { subscriptionId, cursor, head } = due;
  for (let readings = 1; ; readings++) {
    const heard = changesHeard();
    const order = await findOrder(db, { workerId, subscriptionId });
    if (order === undefined) return { kind: 'lost' };
    // `cursor` is where it would have read on without that.
    if (order.revision !== due.revision) return { kind: 'changed' };
    const nowMs = clock.now().getTime();
    if (order.nextAttemptMs > nowMs) return { kind: 'wait', untilMs: order.nextAttemptMs };
    const page = await readFor(context, order, Math.max(cursor, order.cursor), head);
    if (changesHeard() === heard || readings === READINGS_MAX) return { order, page };
  }
}

/**
 * Which rows there are for the organisation, and at which level, is asked of the database for every
 * delivery. Their content is not read again where another subscription of this process has just had them.
 */
async function readFor(
  { db, contents }: DeliveryContext,
  order: Order,
  after: number,
  head: number,
): Promise<PreparedPage<LogPart>> {
  const filter = SubscriptionFilter.parse(order.filter);
  // A batch that is tried again ends where it ended before: it stays the same delivery. If all of
  // its content has been withdrawn since, reading continues after it.
  const again = order.retryTo !== null && order.retryTo > after;
  const upTo = again ? Math.min(head, order.retryTo) : head;
  const request = {
    after,
    limit: order.batchMax,
    bytesMax: BATCH_BYTES,
    // Behind that place it makes no difference, and equal parts are read together.
    currentTo: order.currentTo > after ? order.currentTo : 0,
    filter: toLogFilter(filter, order.identities),
    upTo,
  };
  const { organisationId, realmId } = order;
  const reader = { organisationId, realmId, rankMax: WEBHOOK_CEILING, cleared: false };
  const form = { realm: order.realm, asPosted: order.asPosted };
  const page = await readBatch(db, reader, request, (part) =>
    contents.read(after, { form, ...part }),
  );
  return { ...page, more: page.next < head };
}

async function dispatch(
  context: DeliveryContext,
  { subscriptionId, endpoint }: { readonly subscriptionId: string; readonly endpoint: Endpoint },
  order: Order,
  page: PreparedPage<LogPart>,
): Promise<Step> {
  const { db, keyring, clock, egress } = context;
  const startedAt = clock.now();
  const startMs = performance.now();
  const part = give(context, subscriptionId, order, page);
  const payload = changedPayload({
    ...part,
    subscriptionId,
    realm: { slug: order.realm },
    from: sealCursor(keyring, order, order.cursor),
    to: sealCursor(keyring, order, page.next),
  });
  const sent = await send(egress, endpoint, payload, startedAt.getTime());
  const nowMs = clock.now().getTime();
  const { objects, next } = page;
  const step = nextStep({
    outcome: sent.outcome,
    objects,
    failures: order.failures,
    refusals: order.refusals,
    failingSinceMs: order.failingSinceMs ?? undefined,
    nowMs,
    random: context.random(),
  });
  const attempt = attemptOf(order, {
    subscriptionId,
    payload,
    sent,
    toSeq: next,
    outcome: step.kind,
    startedAt,
    durationMs: Math.round(performance.now() - startMs),
  });
  reportAttempt(context, attempt);
  if (step.kind === 'dead_letter') await bury(context, subscriptionId, order, part.rows, sent);
  const after = stateAfter(order, step, { ...sent, next, rows: objects, nowMs });
  const { workerId } = context;
  const moved = await settle(db, { workerId, attempt, revision: order.revision, after });
  if (!moved || after.state !== 'active') return { kind: 'lost' };
  if (step.kind === 'retry') return { kind: 'wait', untilMs: after.nextAttemptMs };
  const more = page.more || after.cursor < next;
  return { kind: 'moved', cursor: after.cursor, sent: true, more };
}

type Attempted = Pick<
  AttemptRecord,
  'subscriptionId' | 'toSeq' | 'outcome' | 'startedAt' | 'durationMs'
> & { readonly payload: Payload; readonly sent: Sent };

function attemptOf(
  { organisationId, cursor }: Order,
  { payload, sent, ...rest }: Attempted,
): AttemptRecord {
  const { webhookId, objects, withdrawn, bytes } = payload;
  const { status, detail } = sent;
  const what = { webhookId, objects, withdrawn, bytes, status, detail };
  return { ...rest, ...what, organisationId, kind: 'delivery', fromSeq: cursor };
}

/** Whatever the receiver answers, or does not: it may have read what is sent to it. */
function give(
  { disclosures }: DeliveryContext,
  subscriptionId: string,
  order: Order,
  page: PreparedPage<LogPart>,
): LogPart {
  const to = { actor: `subscription ${subscriptionId}`, viewer: order };
  return page.give({ disclosures, quota: NO_QUOTA }, to);
}

async function bury(
  { db }: DeliveryContext,
  subscriptionId: string,
  order: Order,
  rows: readonly LogRow[],
  { status, detail }: Sent,
): Promise<void> {
  for (const { seq, stixId } of rows) {
    const said = `${status ?? ''} ${detail ?? ''}`.trim();
    await noteDeadLetter(db, {
      subscriptionId,
      organisationId: order.organisationId,
      seq,
      stixId,
      detail: said,
    });
  }
}
