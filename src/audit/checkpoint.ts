/** The signed heads of the audit's tree, and proofs about it. */
import { randomBytes } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  findAuditSize,
  findAuditTime,
  findCheckpoint,
  findNodes,
  findOrigin,
  insertCheckpoint,
  listKeyChanges,
  listParts,
  type StoredCheckpoint,
} from '../store/audit/tree.ts';
import { fold, nodesOf, type Range } from './merkle.ts';
import {
  openCheckpoint,
  readVkey,
  signCheckpoint,
  signerOf,
  vkeyOf,
  type Signer,
  type Verifier,
} from './note.ts';
import { PartMap } from './parts.ts';

const SALT_BYTES = 32;

/**
 * Who signs: the key under the current master secret and, while there is an older one, the key
 * under that, so that those who know only the older key can follow.
 */
export async function auditSigners(db: Database, keyring: Keyring): Promise<Signer[]> {
  const origin = await findOrigin(db);
  return keyring.keys('audit').map((seed) => signerOf(origin, seed.export()));
}

/**
 * The public keys that may have signed, the current one first. A checkpoint of the time when the master secret
 * was replaced names the key before: who trusts the one that signed it trusts that, too, for what came before.
 */
export async function auditVerifiers(db: Database, keyring: Keyring): Promise<Verifier[]> {
  const verifiers: Verifier[] = await auditSigners(db, keyring);
  for (const note of await listKeyChanges(db)) {
    const earlier = readVkey(openCheckpoint(note, verifiers)?.earlier ?? '');
    if (earlier !== undefined && !verifiers.some((one) => vkeyOf(one) === vkeyOf(earlier))) {
      verifiers.push(earlier);
    }
  }
  return verifiers;
}

/**
 * Whether the newest checkpoint is by the key under the current master secret, or by one that is being
 * replaced. Otherwise this is another secret than that of the database, or one that was replaced.
 */
export async function isCurrentKey(db: Database, keyring: Keyring): Promise<boolean> {
  const newest = await findCheckpoint(db);
  if (newest === undefined) return true;
  const signers = await auditSigners(db, keyring);
  const opened = openCheckpoint(newest.note, signers);
  const [current] = signers;
  return opened !== undefined && current !== undefined && opened.earlier !== vkeyOf(current);
}

/** The hashes of ranges of the tree, as paths and heads name them. */
export async function hashRanges(db: Database, ranges: readonly Range[]): Promise<Buffer[]> {
  const places = ranges.map(nodesOf);
  const hashes = await findNodes(db, places.flat());
  let at = 0;
  return places.map((nodes) => {
    const own = hashes.slice(at, (at += nodes.length));
    return fold(own.map((hash) => hash ?? missing()));
  });
}

function missing(): never {
  throw new Error('The tree of the audit has lost a node: run "tocsin audit verify"');
}

/**
 * Signs the tree as it is now and stores that, unless the newest checkpoint says the same. Never
 * contradicts a checkpoint: throws Error when the tree does not continue the newest one, that one is
 * not signed by this server, or it introduced the key of a newer master secret. Returns the newest checkpoint.
 */
export async function signHead(db: Database, keyring: Keyring): Promise<StoredCheckpoint> {
  const newest = await findCheckpoint(db);
  const size = await findAuditSize(db);
  if (newest?.size === size) return newest;
  const signers = await auditSigners(db, keyring);
  if (newest !== undefined) await checkContinues(db, newest, size, signers);
  const origin = signers[0]?.name ?? '';
  const [root = missing()] = await hashRanges(db, [{ start: 0, end: size }]);
  const salt = randomBytes(SALT_BYTES);
  const map = await partMap(db, size, salt);
  const parts = { slots: map.slots, root: map.root() };
  const [signedAt, previous] = [await findAuditTime(db), newest?.size ?? -1];
  const [, older] = signers;
  const earlier = older === undefined ? undefined : vkeyOf(older);
  const head = { origin, size, root, parts, signedAt, previous, earlier };
  const note = signCheckpoint(head, signers);
  const made = { size, previous, note, signedAt, salt };
  await insertCheckpoint(db, made);
  return (await findCheckpoint(db)) ?? made;
}

/** The map of the organisations' parts as the checkpoint with this size and salt signs it. */
export async function partMap(db: Database, size: number, salt: Uint8Array): Promise<PartMap> {
  const parts = await listParts(db, size);
  return new PartMap(
    parts.map((part) => ({ ...part, head: Buffer.from(part.head) })),
    salt,
  );
}

async function checkContinues(
  db: Database,
  newest: StoredCheckpoint,
  size: number,
  signers: readonly Signer[],
): Promise<void> {
  const signed = openCheckpoint(newest.note, signers);
  if (signed === undefined || signed.size !== newest.size || newest.size > size) {
    throw new Error(
      'The newest checkpoint of the audit is not of this tree, or not signed by the key of this server',
    );
  }
  const [current] = signers;
  if (current !== undefined && signed.earlier === vkeyOf(current)) {
    // From now on, a checkpoint by this key alone is a forgery to everybody who verifies.
    throw new Error(
      'The master secret was replaced: another process signs the audit with the new one. Restart this process with it',
    );
  }
  const [root] = await hashRanges(db, [{ start: 0, end: signed.size }]);
  if (root?.equals(signed.root) !== true) {
    throw new Error('The tree of the audit does not continue its newest checkpoint');
  }
}
