import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: set-based, and joins.

/** That an agreement or a key of an organisation ends soon. */
export interface EndingView {
  readonly organisation: string;
  readonly kind: 'agreement.expiring' | 'key.expiring';
  /** The number of the agreement, or the id of the key. */
  readonly subject: string;
  /** The nearest threshold: it ends within so many days. */
  readonly days: number;
  readonly endsAt: Date;
  /** When the last threshold that it crossed was announced, if it has crossed one. */
  readonly noticedAt: Date | null;
}

/**
 * Notes what ends within one of so many days, each once for the nearest of them, and returns what
 * was not noted before. What lasts no longer than that as a whole is not noted for it. Any number
 * of processes may do so at once.
 */
export async function noteEndings(
  db: Database,
  now: Date,
  thresholds: readonly number[],
): Promise<EndingView[]> {
  return db.server.$queryRaw<EndingView[]>`
    with due as (
      select e.*, (
        select min(days) from unnest(${[...thresholds]}::integer[]) as days
        where e.ends_at <= ${now}::timestamptz + days * interval '24 hours'
          and e.ends_at > e.begins_at + days * interval '24 hours') as days
      from ending e
      where e.begins_at <= ${now}::timestamptz and e.ends_at > ${now}::timestamptz
    ), noted as (
      insert into notice (organisation_id, kind, subject, days, ends_at, noticed_at)
      select organisation_id, kind, subject, days::smallint, ends_at, ${now}::timestamptz
      from due where days is not null order by ends_at
      on conflict do nothing
      returning *
    )
    select o.slug as organisation, n.kind, n.subject, n.days,
      n.ends_at as "endsAt", n.noticed_at as "noticedAt"
    from noted n join organisation o on o.id = n.organisation_id order by n.id`;
}

/** Which endings: of one organisation or all; of keys, those of these roles. */
export interface EndingFilter {
  readonly organisationId?: number | undefined;
  readonly roles: readonly string[];
  readonly now: Date;
  /** In days, the furthest of which is how far ahead to look. */
  readonly thresholds: readonly number[];
  readonly limit: number;
}

/** What ends within the furthest threshold, whether or not it was announced; the soonest first. */
export async function listEndings(
  db: Database,
  { organisationId, roles, now, thresholds, limit }: EndingFilter,
): Promise<EndingView[]> {
  return db.server.$queryRaw<EndingView[]>`
    select o.slug as organisation, e.kind, e.subject, nearest.days, e.ends_at as "endsAt",
      (select max(noticed_at) from notice n
        where n.kind = e.kind and n.subject = e.subject and n.ends_at = e.ends_at) as "noticedAt"
    from ending e join organisation o on o.id = e.organisation_id,
      lateral (select min(days) as days from unnest(${[...thresholds]}::integer[]) as days
        where e.ends_at <= ${now}::timestamptz + days * interval '24 hours') as nearest
    where ${all(
      organisationId === undefined
        ? undefined
        : Prisma.sql`e.organisation_id = ${organisationId}::integer`,
    )}
      and e.ends_at > ${now}::timestamptz and nearest.days is not null
      and (e.role is null or e.role = any(${[...roles]}))
    order by e.ends_at, e.kind, e.subject limit ${limit}::integer`;
}
