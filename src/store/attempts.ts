import type { Database } from './database.ts';

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

/** Where a subscription stands after an attempt. */
export interface Standing {
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

/**
 * Records an attempt and moves the subscription on, if this worker still holds it and its cursor
 * is where the attempt began. Returns whether it moved: when not, somebody else has taken over and
 * this delivery may come twice, but none is lost.
 */
export async function settle(
  db: Database,
  workerId: string,
  attempt: AttemptRecord,
  standing: Standing,
): Promise<boolean> {
  const [row] = await db.server.$queryRaw<{ moved: boolean }[]>`
    with moved as (
      update subscription set cursor = ${standing.cursor}::bigint, state = ${standing.state},
        reason = ${standing.reason}, batch_now = ${standing.batchNow}::integer,
        retry_to = ${standing.retryTo}::bigint, failures = ${standing.failures}::integer,
        refusals = ${standing.refusals}::integer,
        dead_letters = ${standing.deadLetters}::integer,
        failing_since = to_timestamp(${standing.failingSinceMs}::float8 / 1000),
        next_attempt_at = to_timestamp(${standing.nextAttemptMs}::float8 / 1000)
      where id = ${attempt.subscriptionId}::uuid and lease_owner = ${workerId}::uuid
        and cursor = ${attempt.fromSeq}::bigint
      returning id
    ), noted as (
      insert into attempt (subscription_id, organisation_id, webhook_id, kind, outcome, status,
        detail, objects, withdrawn, bytes, from_seq, to_seq, started_at, duration_ms)
      select id, organisation_id, ${attempt.webhookId}, ${attempt.kind}, ${attempt.outcome},
        ${attempt.status}::smallint, ${attempt.detail}, ${attempt.objects}::integer,
        ${attempt.withdrawn}::integer, ${attempt.bytes}::integer, ${attempt.fromSeq}::bigint,
        ${attempt.toSeq}::bigint, ${attempt.startedAt}::timestamptz, ${attempt.durationMs}::integer
      from subscription where id = ${attempt.subscriptionId}::uuid
    )
    select exists (select from moved) as moved`;
  return row?.moved ?? false;
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
  subscriptionId: string,
  from: number,
  to: number,
): Promise<boolean> {
  const moved = await db.server.$executeRaw`
    update subscription set cursor = ${to}::bigint
    where id = ${subscriptionId}::uuid and lease_owner = ${workerId}::uuid
      and cursor = ${from}::bigint`;
  return moved === 1;
}

/** Tells the owner of a subscription what its endpoint refused for good. */
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
