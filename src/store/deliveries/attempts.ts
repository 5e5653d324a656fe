import type { Database } from '../postgres/database.ts';
import { batched } from '../../concurrency/batch.ts';

// SQL, not the typed client: set-based compare-and-set, at the rate of deliveries.

/** One try at a delivery, as it is kept. */
export interface AttemptRecord {
  readonly subscriptionId: string;
  readonly organisationId: number;
  readonly webhookId: string;
  readonly kind: 'delivery' | 'test';
  readonly outcome: string;
  readonly status: number | null;
  readonly detail: string | null;
  readonly objects: number;
  readonly withdrawn: number;
  readonly bytes: number;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly startedAt: Date;
  readonly durationMs: number;
}

/** The state of a subscription after an attempt. */
export interface SubscriptionState {
  readonly cursor: number;
  readonly state: 'active' | 'disabled';
  readonly reason: string | null;
  /** Null: as large as the subscription says. */
  readonly batchNow: number | null;
  readonly retryTo: number | null;
  readonly failures: number;
  readonly refusals: number;
  readonly deadLetters: number;
  readonly failingSinceMs: number | null;
  readonly nextAttemptMs: number;
}

/** A finished attempt, and the state in which it leaves its subscription. */
interface Settlement {
  readonly workerId: string;
  readonly attempt: AttemptRecord;
  /** That of the subscription when the attempt began. */
  readonly revision: number;
  readonly after: SubscriptionState;
}

const SETTLEMENTS_MAX = 100;

/**
 * Records an attempt and moves the subscription on, if this worker still holds it, its cursor is where the attempt
 * began, and its owner has changed nothing of it meanwhile. Returns whether it moved: when not, this delivery may
 * come twice, as the owner wants it now, but none is lost.
 */
export const settle = batched(settleAll, { max: SETTLEMENTS_MAX });

async function settleAll(db: Database, settlements: readonly Settlement[]): Promise<boolean[]> {
  const rows = settlements.map(({ workerId, attempt, revision, after }) => ({
    ...attempt,
    ...after,
    revision,
    worker: workerId,
  }));
  const moved = await db.server.$queryRaw<{ id: string }[]>`
    with given as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as g(
        worker uuid, "subscriptionId" uuid, "webhookId" text, kind text, outcome text,
        status smallint, detail text, objects integer, withdrawn integer, bytes integer,
        "fromSeq" bigint, "toSeq" bigint, "startedAt" timestamptz, "durationMs" integer,
        cursor bigint, state text, reason text, "batchNow" integer, "retryTo" bigint,
        failures integer, refusals integer, "deadLetters" integer, "failingSinceMs" float8,
        "nextAttemptMs" float8, revision integer)
    ), noted as (
      insert into attempt (subscription_id, organisation_id, webhook_id, kind, outcome, status,
        detail, objects, withdrawn, bytes, from_seq, to_seq, started_at, duration_ms)
      select s.id, s.organisation_id, g."webhookId", g.kind, g.outcome, g.status, g.detail,
        g.objects, g.withdrawn, g.bytes, g."fromSeq", g."toSeq", g."startedAt", g."durationMs"
      from given g join subscription s on s.id = g."subscriptionId"
    )
    update subscription s set cursor = g.cursor, state = g.state, reason = g.reason,
      batch_now = g."batchNow", retry_to = g."retryTo", failures = g.failures,
      refusals = g.refusals, dead_letters = g."deadLetters",
      failing_since = to_timestamp(g."failingSinceMs" / 1000),
      next_attempt_at = to_timestamp(g."nextAttemptMs" / 1000)
    from given g
    where s.id = g."subscriptionId" and s.lease_owner = g.worker and s.cursor = g."fromSeq"
      and s.revision = g.revision
    returning s.id::text`;
  const ids = new Set(moved.map(({ id }) => id));
  return settlements.map(({ attempt }) => ids.has(attempt.subscriptionId));
}

/** Records an attempt that moves nothing. */
export async function noteAttempt(db: Database, attempt: AttemptRecord): Promise<void> {
  await db.server.$executeRaw`
    insert into attempt (subscription_id, organisation_id, webhook_id, kind, outcome, status,
      detail, objects, withdrawn, bytes, from_seq, to_seq, started_at, duration_ms)
    select id, organisation_id, ${attempt.webhookId}, ${attempt.kind}, ${attempt.outcome},
      ${attempt.status}::smallint, ${attempt.detail}, ${attempt.objects}::integer,
      ${attempt.withdrawn}::integer, ${attempt.bytes}::integer, ${attempt.fromSeq}::bigint,
      ${attempt.toSeq}::bigint, ${attempt.startedAt}::timestamptz, ${attempt.durationMs}::integer
    from subscription where id = ${attempt.subscriptionId}::uuid`;
}

/** Moves a cursor over rows that held nothing for the subscription. Returns whether it moved. */
export async function skipTo(
  db: Database,
  workerId: string,
  at: { readonly id: string; readonly cursor: number; readonly revision: number },
  to: number,
): Promise<boolean> {
  const moved = await db.server.$executeRaw`
    update subscription set cursor = ${to}::bigint
    where id = ${at.id}::uuid and lease_owner = ${workerId}::uuid
      and cursor = ${at.cursor}::bigint and revision = ${at.revision}::integer`;
  return moved === 1;
}

/** Records for the owner of a subscription what its endpoint refused permanently. */
export async function noteDeadLetter(
  db: Database,
  letter: {
    readonly subscriptionId: string;
    readonly organisationId: number;
    readonly seq: number;
    readonly stixId: string;
    readonly detail: string;
  },
): Promise<void> {
  await db.server.$executeRaw`
    insert into dead_letter (subscription_id, seq, organisation_id, stix_id, detail)
    select id, ${letter.seq}::bigint, organisation_id, ${letter.stixId}, ${letter.detail}
    from subscription where id = ${letter.subscriptionId}::uuid
    on conflict do nothing`;
}
