import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: set-based, and joins.

/** That an agreement or a key of an organisation ends soon. */
export interface NoticeView {
  readonly id: string;
  readonly organisation: string;
  readonly kind: 'agreement.expiring' | 'key.expiring';
  /** The number of the agreement, or the id of the key. */
  readonly subject: string;
  /** The threshold: it ends within so many days. */
  readonly days: number;
  readonly endsAt: Date;
  readonly noticedAt: Date;
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
): Promise<NoticeView[]> {
  return db.server.$queryRaw<NoticeView[]>`
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
    select n.id::text, o.slug as organisation, n.kind, n.subject, n.days,
      n.ends_at as "endsAt", n.noticed_at as "noticedAt"
    from noted n join organisation o on o.id = n.organisation_id order by n.id`;
}

/** Which notices: of one organisation or all; of keys, those of these roles. */
export interface NoticeFilter {
  readonly organisationId?: number | undefined;
  readonly roles: readonly string[];
  readonly now: Date;
  readonly limit: number;
}

/** Those of what is still to end, and has not been replaced or ended meanwhile; the soonest first. */
export async function listNotices(
  db: Database,
  { organisationId, roles, now, limit }: NoticeFilter,
): Promise<NoticeView[]> {
  return db.server.$queryRaw<NoticeView[]>`
    select n.id::text, o.slug as organisation, n.kind, n.subject, n.days,
      n.ends_at as "endsAt", n.noticed_at as "noticedAt"
    from notice n join ending e using (kind, subject, ends_at)
      join organisation o on o.id = n.organisation_id
    where ${all(
      organisationId === undefined
        ? undefined
        : Prisma.sql`n.organisation_id = ${organisationId}::integer`,
    )}
      and n.ends_at > ${now}::timestamptz and (e.role is null or e.role = any(${[...roles]}))
    order by n.ends_at, n.id limit ${limit}::integer`;
}
