/**
 * What REST answers about members and what they are in. Commands print the same, so that both have one set
 * of names.
 */
import type { z } from 'zod';
import type { AuditEntryView } from '../../audit/read.ts';
import type { Administrator } from '../../access/administer.ts';
import { seesAll } from '../../members/directory.ts';
import type { GroupView } from '../../members/group-view.ts';
import { TLP_ORDER } from '../../stix/marking/tlp.ts';
import type { AgreementView } from '../../store/members/agreements.ts';
import type { CommunityView } from '../../store/members/communities.ts';
import type { OrganisationView } from '../../store/members/directory.ts';
import type { GroupInvitation } from '../../store/members/group-invitations.ts';
import type { KeyView } from '../../store/access/keys.ts';
import type { EndingView } from '../../store/members/notices.ts';
import type { RealmRecord } from '../../store/members/realms.ts';
import { AgreementAnswer } from './schemas/agreement.ts';
import { KeyAnswer } from './schemas/key.ts';
import { timeOf } from './schemas/member.ts';
import { OrganisationAnswer } from './schemas/organisation.ts';
import type { RealmAnswer } from './schemas/realm.ts';
import type { MintedKey } from '../../access/key-acts.ts';

/** An organisation as the caller may see it. */
export function toOrganisation(
  view: OrganisationView,
  by: Administrator,
): z.infer<typeof OrganisationAnswer> {
  const { slug, name, country, identities, defaultCommunity, defaultTlp } = view;
  const { shape } = OrganisationAnswer;
  const more = {
    status: shape.status.parse(view.status),
    default_community: defaultCommunity,
    default_tlp: TLP_ORDER[defaultTlp],
  };
  const contacts = view.contacts.map(({ pgpKey, smimeCertificate, ...one }) => ({
    ...one,
    pgp_key: pgpKey,
    smime_certificate: smimeCertificate,
  }));
  return {
    slug,
    name,
    kind: shape.kind.parse(view.kind),
    country,
    identities: [...identities],
    contacts: shape.contacts.parse(contacts),
    ...(seesAll(by, slug) ? more : {}),
  };
}

export function toAgreement(view: AgreementView): z.infer<typeof AgreementAnswer> {
  const { id, organisation, realm, community, title, reference, replaces } = view;
  return {
    id,
    organisation,
    realm,
    community,
    title,
    reference,
    kind: AgreementAnswer.shape.kind.parse(view.kind),
    ceiling: TLP_ORDER[view.ceiling] ?? 'clear',
    documents: [...view.documents],
    valid_from: view.validFrom.toISOString(),
    valid_until: timeOf(view.validUntil),
    approved_at: timeOf(view.approvedAt),
    ended_at: timeOf(view.endedAt),
    replaces,
    approvals: [...view.approvals],
  };
}

export function toCommunity({ slug, name, description, within }: CommunityView) {
  return { slug, name, description, within: [...within] };
}

export function toGroup({ hiddenMembers, members, owners, ...rest }: GroupView) {
  const { invitedMembers, invitedOwners, ...view } = rest;
  return {
    ...view,
    hidden_members: hiddenMembers,
    members: members && [...members],
    owners: owners && [...owners],
    invited_members: invitedMembers && [...invitedMembers],
    invited_owners: invitedOwners && [...invitedOwners],
  };
}

export function toGroupInvitation({
  hiddenMembers,
  invitedBy,
  invitedAt,
  ...one
}: GroupInvitation) {
  return {
    ...one,
    hidden_members: hiddenMembers,
    invited_by: invitedBy,
    invited_at: invitedAt.toISOString(),
  };
}

export function toRealm(realm: RealmRecord): z.infer<typeof RealmAnswer> {
  const { slug, name, state, members, wipedAt, wipedBy, wipedBecause } = realm;
  return {
    slug,
    name,
    from: realm.from.toISOString(),
    until: realm.until.toISOString(),
    state,
    members: [...members],
    archived_at: timeOf(realm.archivedAt),
    wiped: wipedAt && {
      at: wipedAt.toISOString(),
      by: wipedBy ?? '',
      reason: wipedBecause ?? '',
    },
  };
}

/** A key without what opens anything. */
export function toKey(key: KeyView) {
  return {
    id: key.id,
    organisation: key.organisation,
    realm: key.realm,
    role: KeyAnswer.shape.role.parse(key.role),
    label: key.label,
    networks: [...key.networks],
    created_at: key.createdAt.toISOString(),
    expires_at: timeOf(key.expiresAt),
    revoked_at: timeOf(key.revokedAt),
    last_used_at: timeOf(key.lastUsedAt),
    ends_with: key.parentId,
    created_by: {
      type: key.maker?.type ?? ('operator' as const),
      id: key.maker?.id ?? null,
      name: key.maker?.name ?? null,
    },
  };
}

/** A new key with its text, which is shown only once. */
export function toMintedKey({ key, text }: MintedKey) {
  return { ...toKey(key), key: text };
}

export function toNotice({ kind, endsAt, noticedAt, ...notice }: EndingView) {
  return {
    ...notice,
    type: kind,
    ends_at: endsAt.toISOString(),
    noticed_at: noticedAt?.toISOString() ?? null,
  };
}

export function toAuditEntry({
  organisationId: _,
  realmId: __,
  requestId,
  addressSalt,
  at,
  ...entry
}: AuditEntryView) {
  return { ...entry, at: at.toISOString(), request_id: requestId, address_salt: addressSalt };
}
