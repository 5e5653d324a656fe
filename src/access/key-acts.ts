import { Problem } from '../errors.ts';
import { pepper, type Keyring } from '../keyring.ts';
import type { Role } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  endKey,
  findKeyBounds,
  insertKey,
  listKeys,
  moveChildren,
  type KeyView,
  type NewKeyRecord,
} from '../store/access/keys.ts';
import { withQuota } from '../store/content/quotas.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { insertHandedTo } from '../store/access/users.ts';
import { administer, keepingAnAdmin, rolesUpTo, type Administrator } from './administer.ts';
import { boundsOf, inherit, lineageOf, successorLineage, type Lineage } from './key-bounds.ts';
import { newKey } from './keys.ts';
import { realmOfMember } from './named-realm.ts';

export interface KeyContext {
  readonly db: Database;
  readonly keyring: Keyring;
}

export interface KeyInput {
  /** Its slug. */
  readonly organisation: string;
  /** Slug of the realm it is for; the caller's unless given. */
  readonly realm?: string | undefined;
  readonly role: Role;
  readonly label: string;
  readonly expiresAt: Date | null;
  /** CIDRs from which it may be used; none means from anywhere. */
  readonly networks?: readonly string[];
  /** How many keys the organisation may have; no limit unless given. */
  readonly quota?: number | undefined;
}

/** A key and its text, which is not stored and shown only once. */
export interface MintedKey {
  readonly key: KeyView;
  readonly text: string;
}

/**
 * Makes a key, which ends with the key or user that asks for it and has no wider bounds. Throws
 * Problem not_found, role_not_allowed for a role stronger than the caller's, key_exceeds_parent,
 * key_limit, realm_unknown, or realm_not_allowed for another realm than that of a caller in an exercise.
 */
export async function mintKey(
  { db, keyring }: KeyContext,
  by: Administrator,
  input: KeyInput,
): Promise<MintedKey> {
  if (!rolesUpTo(by.role).includes(input.role)) {
    throw new Problem('role_not_allowed', `A key of role ${input.role} is stronger than yours`, {
      path: 'body.role',
    });
  }
  if (by.role !== 'admin' && by.organisation?.slug !== input.organisation) {
    throw new Problem('role_not_allowed', 'You make keys for your own organisation only', {
      path: 'body.organisation',
    });
  }
  const describe = ({ key }: MintedKey) => ({
    key: key.id,
    organisation: input.organisation,
    realm: key.realm,
    role: input.role,
  });
  const act = { action: 'key.create', describe, about: ({ key }: MintedKey) => [key] };
  return administer(db, by, act, async (tx) => {
    const organisationId = await findOrganisationId(tx, input.organisation);
    if (organisationId === undefined) {
      throw new Problem('not_found', `There is no organisation ${input.organisation}`, {
        path: 'body.organisation',
      });
    }
    const realmId = await realmFor(tx, by, input, organisationId);
    const { networks = [], expiresAt } = input;
    const bounds = inherit({ networks, expiresAt }, await boundsOf(tx, by));
    return put(tx, keyring, by, { ...input, ...bounds, ...lineageOf(by), organisationId, realmId });
  });
}

/** Throws Problem invalid_request for a key that would open nothing from its first moment on. */
export function refuseEnded(expiresAt: Date | null, now: Date): void {
  if (expiresAt === null || expiresAt > now) return;
  throw new Problem('invalid_request', '`expires_at` is in the past', {
    path: 'body.expires_at',
  });
}

/** The realm of a key wished: production, or an exercise that the organisation was let into. */
async function realmFor(
  tx: ServerTx,
  by: Administrator,
  { realm, role }: KeyInput,
  organisationId: number,
): Promise<number> {
  const realmId = realm === undefined ? by.realmId : await realmOfMember(tx, realm, organisationId);
  if (by.realmId !== PRODUCTION && realmId !== by.realmId) {
    throw new Problem(
      'realm_not_allowed',
      'With a key of an exercise, you can create keys only for that exercise',
      {
        path: 'body.realm',
      },
    );
  }
  if (realmId !== PRODUCTION && role === 'admin') {
    throw new Problem(
      'role_not_allowed',
      'Admins manage the whole server, so they exist only in production',
      {
        path: 'body.role',
      },
    );
  }
  return realmId;
}

export interface KeySearch {
  /** A slug. */
  readonly organisation?: string | undefined;
  /** The id of the key or user that made them. */
  readonly createdBy?: string | undefined;
  /** Only those after this key, the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/**
 * The keys that are not stronger than the caller's, of its organisation or, for an admin, of any.
 * An administrator of another organisation who made one is not named.
 */
export async function readKeys(
  db: Database,
  by: Administrator,
  { organisation, createdBy, after, limit }: KeySearch = {},
): Promise<KeyView[]> {
  if (after !== undefined) await refuseUnseen(db, by, after);
  const maker = createdBy === undefined ? undefined : makerFor(by, createdBy);
  const keys = await listKeys(db.server, { ...mine(by), organisation, maker, after, limit });
  return keys.map((key) => asShownTo(by, key));
}

/** A page begins after a key that the caller sees: others' keys must not tell when they were created. */
async function refuseUnseen(db: Database, by: Administrator, id: string): Promise<void> {
  const [key] = await listKeys(db.server, { ...mine(by), id });
  if (key !== undefined) return;
  throw new Problem('invalid_request', 'Use `next` of the page before.', {
    path: 'querystring.after',
  });
}

/** Of a maker that is not named to the caller, nothing is found. */
function makerFor(by: Administrator, id: string) {
  return by.role === 'admin' ? { id } : { id, organisationId: by.organisation?.id ?? 0 };
}

function asShownTo<K extends KeyView>(by: Administrator, key: K): K {
  const { maker } = key;
  if (maker === null || by.role === 'admin' || maker.organisationId === by.organisation?.id) {
    return key;
  }
  return { ...key, parentId: null, maker: { ...maker, id: null, name: null } };
}

/** Ends a key at once. Throws Problem not_found or last_admin. */
export async function revokeKey(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<void> {
  const about = (key: KeyView) => [key];
  const act = { action: 'key.revoke', describe: () => ({ key: id }), about };
  await administer(db, by, act, async (tx) => {
    const key = await findOwn(tx, by, id);
    await keepingAnAdmin(tx, now, () => endKey(tx, id, { at: now, revoke: true }));
    return key;
  });
}

/** How a key is rotated. */
export interface Rotation extends Pick<KeyInput, 'quota'> {
  readonly now: Date;
  /** How long the old key is still valid. */
  readonly overlapSeconds: number;
}

/**
 * Makes a key like this one, which lives on for `overlapSeconds`; the keys that it made become
 * those of its successor. With 0 it has leaked: it is revoked at once with everything made with it,
 * except for the new successor.
 * Throws Problem not_found, key_exceeds_parent where the caller's key has narrower bounds, key_limit, or
 * key_ended for a key that has ended.
 */
export async function rotateKey(
  { db, keyring }: KeyContext,
  by: Administrator,
  id: string,
  { now, overlapSeconds, quota }: Rotation,
): Promise<MintedKey> {
  const describe = ({ key }: MintedKey) => ({ key: id, into: key.id, overlap: overlapSeconds });
  const act = { action: 'key.rotate', describe, about: ({ key }: MintedKey) => [key] };
  return administer(db, by, act, async (tx) => {
    const old = await findOwn(tx, by, id);
    if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= now)) {
      throw new Problem('key_ended', 'The key was revoked or has expired. Create a new one');
    }
    // It stays in its realm: `old` says which.
    const role = rolesUpTo(by.role).find((name) => name === old.role);
    if (role === undefined) throw unknown();
    const lineage = await lineageFor(tx, by, id);
    const leaked = overlapSeconds === 0;
    // Before there is a successor, which would be revoked too.
    if (leaked) await endKey(tx, id, { at: now, revoke: true });
    const made = await put(tx, keyring, by, { ...old, ...lineage, role, quota, previousId: id });
    if (leaked) return made;
    await moveChildren(tx, id, made.key.id);
    const at = new Date(now.getTime() + overlapSeconds * 1000);
    await endKey(tx, id, { at, revoke: false });
    return made;
  });
}

async function lineageFor(tx: ServerTx, by: Administrator, id: string): Promise<Lineage> {
  const old = await findKeyBounds(tx, id);
  if (old === undefined) throw unknown();
  return successorLineage(by, old, await boundsOf(tx, by));
}

async function put(
  tx: ServerTx,
  keyring: Keyring,
  by: Administrator,
  input: KeyInput & Lineage & Pick<NewKeyRecord, 'organisationId' | 'realmId' | 'previousId'>,
): Promise<MintedKey> {
  const { id, secret, text } = newKey();
  const { organisationId, realmId, role, label, expiresAt, networks = [], previousId } = input;
  const { parentId, madeByUser, quota } = input;
  if (quota !== undefined) await withQuota(tx, organisationId, 'keys', quota);
  const secretHash = pepper(keyring, secret);
  const record = { id, organisationId, realmId, role, label, secretHash, expiresAt, networks };
  await insertKey(tx, { ...record, previousId, parentId, madeByUser, madeBy: by.keyId });
  if (by.keyId === undefined && by.organisation !== undefined) {
    await insertHandedTo(tx, `key ${id}`, by.actor);
  }
  const [key] = await listKeys(tx, { id, roles: [role] });
  if (key === undefined) throw new Error('A key that was just created does not exist');
  return { key: asShownTo(by, key), text };
}

async function findOwn(tx: ServerTx, by: Administrator, id: string) {
  const [key] = await listKeys(tx, { ...mine(by), id });
  if (key === undefined) throw unknown();
  return key;
}

/** What is stronger than who asks, another organisation's or another realm's, is not there. */
function mine(by: Administrator) {
  const roles = rolesUpTo(by.role);
  if (by.role === 'admin') return { roles };
  const realmId = by.realmId === PRODUCTION ? undefined : by.realmId;
  return { roles, realmId, organisationId: by.organisation?.id ?? 0 };
}

function unknown(): Problem {
  return new Problem('not_found', 'There is no such key');
}
