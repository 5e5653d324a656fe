import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: lists in one row, ranges of time, and the time of the database.

export interface AgreementView {
  readonly id: number;
  readonly organisation: string;
  /** Of the organisation: partners' agreements take approvals. */
  readonly organisationKind: string;
  readonly realm: string;
  readonly community: string;
  readonly title: string;
  readonly reference: string;
  readonly kind: string;
  /** TLP rank up to which it reaches. */
  readonly ceiling: number;
  readonly documents: readonly { readonly name: string; readonly sha256: string }[];
  readonly validFrom: Date;
  readonly validUntil: Date | null;
  /** Null while approvals are wanting. */
  readonly approvedAt: Date | null;
  readonly endedAt: Date | null;
  readonly replaces: number | null;
  readonly approvals: readonly {
    /** Its id; null where a user approved. */
    readonly key: string | null;
    readonly user: string | null;
    readonly at: string;
  }[];
}

/** Which agreements: of one organisation (by slug), of one id, or all. */
export interface AgreementFilter {
  readonly organisation?: string | undefined;
  readonly id?: number | undefined;
}

/** The highest TLP rank that an agreement in force or to come covers; undefined without one. */
export async function highestCeiling(
  tx: Prisma.TransactionClient,
  organisationId: number,
): Promise<number | undefined> {
  const [row] = await tx.$queryRaw<{ ceiling: number | null }[]>`
    select max(tlp_ceiling)::integer as ceiling from agreement
    where organisation_id = ${organisationId}::integer and approved_at is not null
      and ended_at is null and (valid_until is null or valid_until > now())`;
  return row?.ceiling ?? undefined;
}

/** The newest first. */
export async function listAgreements(
  tx: Prisma.TransactionClient,
  { organisation, id }: AgreementFilter,
): Promise<AgreementView[]> {
  return tx.$queryRaw`
    select a.id, o.slug as organisation, o.kind as "organisationKind", r.slug as realm,
      c.slug as community, a.title, a.reference, a.kind, a.tlp_ceiling as ceiling, a.documents,
      a.valid_from as "validFrom", a.valid_until as "validUntil", a.approved_at as "approvedAt",
      a.ended_at as "endedAt", a.replaces_id as replaces,
      (select coalesce(json_agg(json_build_object('key', p.key_id, 'user', p.user_id, 'at', to_char(
          p.approved_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        order by p.approved_at), '[]')
       from (select distinct key_id, user_id, approved_at from agreement_approval
             where agreement_id = a.id) as p) as approvals
    from agreement a join organisation o on o.id = a.organisation_id
      join audience c on c.id = a.community_id join realm r on r.id = c.realm_id
    where ${all(
      organisation === undefined ? undefined : Prisma.sql`o.slug = ${organisation}`,
      id === undefined ? undefined : Prisma.sql`a.id = ${id}::integer`,
    )}
    order by a.id desc`;
}

export interface NewAgreement {
  readonly organisationId: number;
  readonly communityId: number;
  readonly title: string;
  readonly reference: string;
  readonly kind: string;
  /** TLP rank. */
  readonly ceiling: number;
  readonly documents: readonly object[];
  /** From now on, unless given. */
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
  readonly approved: boolean;
  readonly replaces: number | null;
}

export async function insertAgreement(tx: ServerTx, wish: NewAgreement): Promise<number> {
  const { organisationId, communityId, title, reference, kind, documents } = wish;
  const facts = { organisationId, communityId, title, reference, kind, documents: [...documents] };
  const { id } = await tx.agreement.create({
    data: {
      ...facts,
      tlpCeiling: wish.ceiling,
      validUntil: wish.validUntil,
      replacesId: wish.replaces,
      // Both are the database's present time where they are left out.
      ...(wish.validFrom === null ? {} : { validFrom: wish.validFrom }),
      ...(wish.approved ? {} : { approvedAt: null }),
    },
    select: { id: true },
  });
  return id;
}

/**
 * An agreement, other than `except`, of this organisation for this community that has not ended
 * and whose time meets that of the agreement wished.
 */
export async function findOverlap(
  tx: ServerTx,
  wish: NewAgreement,
  except: number | null,
): Promise<number | undefined> {
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    select id from agreement
    where organisation_id = ${wish.organisationId} and community_id = ${wish.communityId}
      and ended_at is null and id <> ${except ?? 0}
      and tstzrange(valid_from, valid_until) && tstzrange(
        coalesce(${wish.validFrom}::timestamptz, now()), ${wish.validUntil}::timestamptz)
    order by id limit 1`;
  return row?.id;
}

/** Ends an agreement now. */
export async function endAgreement(tx: ServerTx, id: number): Promise<void> {
  await tx.$executeRaw`update agreement set ended_at = now() where id = ${id}`;
}

/** Makes an agreement take effect; the one that it replaces ends where this one begins. */
export async function approveAgreement(tx: ServerTx, id: number): Promise<void> {
  await tx.$executeRaw`
    update agreement old
    set ended_at = case when new.valid_from <= now() then now() end,
      valid_until = case when new.valid_from > now() and new.valid_from > old.valid_from
        then least(old.valid_until, new.valid_from) else old.valid_until end
    from agreement new
    where new.id = ${id} and old.id = new.replaces_id and old.ended_at is null`;
  await tx.$executeRaw`
    update agreement set approved_at = coalesce(approved_at, now()) where id = ${id}`;
}

/**
 * Notes an approval of `key <id>` or `user <id>`; how many there are then, or undefined when one
 * was given before that may come from the same hand.
 */
export async function insertApproval(
  tx: ServerTx,
  id: number,
  actor: string,
): Promise<number | undefined> {
  const [kind, of = ''] = actor.split(' ');
  const keyId = kind === 'key' ? of : null;
  const userId = kind === 'user' ? of : null;
  const noted = await tx.$executeRaw`
    insert into agreement_approval (agreement_id, key_line, key_id, user_id)
    select ${id}, line, ${keyId}, ${userId}::uuid from lines_of(${actor}) as line
    where not exists (
      select from agreement_approval
      where agreement_id = ${id} and key_line in (select lines_of(${actor})))`;
  if (noted === 0) return undefined;
  const [row] = await tx.$queryRaw<{ given: number }[]>`
    select count(distinct coalesce(key_id, user_id::text))::integer as given
    from agreement_approval where agreement_id = ${id}`;
  return row?.given ?? 0;
}
