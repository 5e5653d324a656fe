import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { ServerTx } from '../postgres/transaction.ts';
import { given } from '../postgres/typed.ts';

// SQL, not the typed client: lists in one row, and sets of contacts and identities.

/** How an organisation is reached. Empty texts say nothing. */
export interface Contact {
  readonly role: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly pgpKey: string;
  readonly smimeCertificate: string;
  readonly hours: string;
  /** Whether every member sees it. */
  readonly shown: boolean;
}

export interface OrganisationView {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly country: string | null;
  readonly identities: readonly string[];
  readonly contacts: readonly Contact[];
  /** Slug of the community that gets what it shares without naming an audience. */
  readonly defaultCommunity: string | null;
  /** TLP rank of what it shares without a marking. */
  readonly defaultTlp: number;
}

/** All organisations with all of their contacts, or the one of a slug. */
export async function listOrganisations(
  tx: Prisma.TransactionClient,
  slug?: string,
): Promise<OrganisationView[]> {
  return tx.$queryRaw`
    select o.id, o.slug, o.name, o.kind, o.status, o.country, o.default_tlp as "defaultTlp",
      (select a.slug from audience a where a.id = o.default_community_id) as "defaultCommunity",
      array(select stix_id from identity i where i.organisation_id = o.id order by 1) as identities,
      (select coalesce(json_agg(json_build_object('role', c.role, 'name', c.name,
          'email', c.email, 'phone', c.phone, 'pgpKey', c.pgp_key,
          'smimeCertificate', c.smime_certificate, 'hours', c.hours, 'shown', c.shown)
        order by c.place), '[]') from contact c where c.organisation_id = o.id) as contacts
    from organisation o
    where ${all(slug === undefined ? undefined : Prisma.sql`o.slug = ${slug}`)} order by o.slug`;
}

/** What changes; what is left out stays. */
export interface OrganisationFacts {
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  readonly country?: string | null | undefined;
  readonly defaultCommunityId?: number | undefined;
  /** TLP rank. */
  readonly defaultTlp?: number | undefined;
}

export async function updateOrganisation(
  tx: ServerTx,
  id: number,
  facts: OrganisationFacts,
): Promise<void> {
  const { name, status, country, defaultCommunityId, defaultTlp } = facts;
  await tx.organisation.updateMany({
    where: { id },
    data: given({ name, status, country, defaultCommunityId, defaultTlp }),
  });
}

export async function replaceContacts(
  tx: ServerTx,
  organisationId: number,
  contacts: readonly Contact[],
): Promise<void> {
  await tx.contact.deleteMany({ where: { organisationId } });
  await tx.$executeRaw`
    insert into contact (organisation_id, place, role, name, email, phone, pgp_key,
      smime_certificate, hours, shown)
    select ${organisationId}, place, c->>'role', c->>'name', c->>'email', c->>'phone', c->>'pgpKey',
      c->>'smimeCertificate', c->>'hours', (c->>'shown')::boolean
    from jsonb_array_elements(${JSON.stringify(contacts)}::jsonb) with ordinality as t(c, place)`;
}

/** Makes these, and no others, the organisation's identities, where nobody else has them. */
export async function replaceIdentities(
  tx: ServerTx,
  organisationId: number,
  stixIds: readonly string[],
): Promise<void> {
  await tx.$executeRaw`
    delete from identity
    where organisation_id = ${organisationId} and stix_id <> all(${[...stixIds]}::text[])`;
  await tx.$executeRaw`
    insert into identity (stix_id, organisation_id)
    select unnest(${[...stixIds]}::text[]), ${organisationId} on conflict do nothing`;
}
