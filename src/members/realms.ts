import { Problem } from '../errors.ts';
import { tlpRank, type Tlp } from '../stix/marking/tlp.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { insertAgreement } from '../store/members/agreements.ts';
import type { Database } from '../store/postgres/database.ts';
import { listOrganisations } from '../store/members/directory.ts';
import {
  archive,
  enterRealm,
  insertRealm,
  listRealms,
  wipe,
  type NewRealm,
  type RealmRecord,
} from '../store/members/realms.ts';
import { endSessionsIn } from '../store/access/sessions.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { administer, type Administrator, type Concerned } from '../access/administer.ts';
import { isPartner, refuseLookAlikes } from './create.ts';

export interface RealmInput extends Omit<NewRealm, 'name'> {
  /** The slug unless given. */
  readonly name?: string | undefined;
  /** Slugs of the organisations that take part, */
  readonly members: readonly string[];
  /** and up to which marking. */
  readonly ceiling: Tlp;
}

/**
 * Makes an exercise: a realm of its own, with the community of all who take part, which bears its
 * name, and an agreement for each member until it is ended. That of a partner waits for its
 * approvals, unless the operator makes it.
 * Throws Problem name_taken, organisation_unknown or invalid_request.
 */
export async function createRealm(
  db: Database,
  by: Administrator,
  input: RealmInput,
): Promise<RealmRecord> {
  const { slug, name = slug, from, until, members } = input;
  if (until <= from) {
    throw new Problem('invalid_request', 'An exercise must end after it begins', {
      path: 'body.until',
    });
  }
  const detail = { realm: slug, members: [...members], ceiling: input.ceiling };
  const about = () => concerned(members, { realm: slug, ceiling: input.ceiling });
  const act = { action: 'realm.create', describe: () => detail, about };
  return administer(db, by, act, async (tx) => {
    await refuseLookAlikes(tx, [slug]);
    const made = await insertRealm(tx, { ...input, name });
    if (made === undefined) {
      throw new Problem('name_taken', `A realm is, or was, called ${slug} or ${name}`);
    }
    for (const member of new Set(members)) await admit(tx, by, { ...input, name }, member, made);
    return find(tx, slug);
  });
}

async function admit(
  tx: ServerTx,
  by: Administrator,
  { name, ceiling }: RealmInput & { readonly name: string },
  member: string,
  { realmId, communityId }: { readonly realmId: number; readonly communityId: number },
): Promise<void> {
  const [organisation] = await listOrganisations(tx, member);
  if (organisation === undefined) {
    throw new Problem('organisation_unknown', `There is no organisation ${member}`, {
      path: 'body.members',
    });
  }
  await enterRealm(tx, realmId, organisation.id);
  await insertAgreement(tx, {
    organisationId: organisation.id,
    communityId,
    title: name,
    reference: '',
    kind: 'technical_arrangement',
    ceiling: tlpRank(ceiling),
    documents: [],
    validFrom: null,
    validUntil: null,
    approved: !isPartner(organisation.kind) || by.organisation === undefined,
    replaces: null,
  });
}

/** All exercises for an admin; those that its organisation takes part in for everybody else. */
export async function readRealms(db: Database, by: Administrator): Promise<RealmRecord[]> {
  const all = await listRealms(db.server);
  return all.filter((realm) => isThere(realm, by));
}

/** Throws Problem not_found. */
export async function readRealm(
  db: Database,
  by: Administrator,
  slug: string,
): Promise<RealmRecord> {
  const [realm] = await listRealms(db.server, slug);
  if (realm === undefined || !isThere(realm, by)) throw unknown(slug);
  return realm;
}

/** A member of an exercise sees in it no other one. */
function isThere(realm: RealmRecord, { role, organisation, realmId }: Administrator): boolean {
  if (realmId !== PRODUCTION && realmId !== realm.id) return false;
  return role === 'admin' || realm.members.includes(organisation?.slug ?? '');
}

/** Makes an exercise read-only permanently. Throws Problem not_found. Done before, it does nothing. */
export async function archiveRealm(
  db: Database,
  by: Administrator,
  slug: string,
  reason: string,
): Promise<RealmRecord> {
  return end(db, by, slug, { action: 'realm.archive', reason }, async (tx, realm) => {
    if (realm.archivedAt === null) await archive(tx, realm.id);
  });
}

/**
 * Deletes the content of an archived exercise permanently: its versions, its part of the log, its
 * subscriptions and groups. Its keys and agreements end. The audit stays, and what it was called,
 * with when, who and why. Throws Problem not_found or realm_not_archived.
 */
export async function wipeRealm(
  db: Database,
  by: Administrator,
  slug: string,
  reason: string,
): Promise<RealmRecord> {
  return end(db, by, slug, { action: 'realm.wipe', reason }, async (tx, realm) => {
    if (realm.archivedAt === null) {
      throw new Problem('realm_not_archived', `Archive ${slug} first: then nobody writes in it`);
    }
    if (realm.wipedAt !== null) return;
    await wipe(tx, realm.id, { by: by.actor, because: reason });
    await endSessionsIn(tx, realm.id);
  });
}

async function end(
  db: Database,
  by: Administrator,
  slug: string,
  { action, reason }: { readonly action: string; readonly reason: string },
  work: (tx: ServerTx, realm: RealmRecord) => Promise<void>,
): Promise<RealmRecord> {
  const describe = () => ({ realm: slug, reason });
  let members: readonly string[] = [];
  const about = () => concerned(members, describe());
  return administer(db, by, { action, describe, about }, async (tx) => {
    const realm = await find(tx, slug);
    ({ members } = realm);
    await work(tx, realm);
    return find(tx, slug);
  });
}

/** Who takes part, without who else does. */
function concerned(members: readonly string[], detail: Concerned['detail']): readonly Concerned[] {
  return members.map((organisation) => ({ organisation, ...(detail && { detail }) }));
}

async function find(tx: ServerTx, slug: string): Promise<RealmRecord> {
  const [realm] = await listRealms(tx, slug);
  if (realm === undefined) throw unknown(slug);
  return realm;
}

function unknown(slug: string): Problem {
  return new Problem('not_found', `There is no exercise ${slug}`);
}
