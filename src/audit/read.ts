/** What members may know of the audit: their own part, and proof that it is in the whole. */
import { Problem } from '../errors.ts';
import { hashRanges, partMap } from './checkpoint.ts';
import { consistencyPath, inclusionPath } from './merkle.ts';
import { blindOf, type Part } from './parts.ts';
import type { Member } from '../sharing/member.ts';
import {
  findOwnActors,
  findOwnLeaf,
  findRealmSlugs,
  findSlugs,
  listAllEntries,
  listOwnEntries,
  listOwnLeaves,
  type AuditEntryRecord,
  type AuditPage,
  type OwnLeaf,
} from '../store/audit/entries.ts';
import { findCheckpoint, findNodes } from '../store/audit/tree.ts';
import type { Database } from '../store/postgres/database.ts';
import { asViewer } from '../store/postgres/transaction.ts';

export interface AuditEntryView extends Omit<AuditEntryRecord, 'addressSalt'> {
  /** A slug; null when the entry is about no organisation. */
  readonly organisation: string | null;
  /** A slug; null for an act that belongs to no realm. */
  readonly realm: string | null;
  /** With which the address can be checked against the entry; null where it is not shown. */
  readonly addressSalt: string | null;
}

/** The entries from a position on: all for an admin, else those about the own organisation. */
export async function readAudit(
  db: Database,
  { role, viewer }: Member,
  page: AuditPage,
): Promise<AuditEntryView[]> {
  if (role === 'admin') return readWholeAudit(db, page);
  const entries = await asViewer(db, viewer, (tx) => listOwnEntries(tx, page));
  const actors = new Set(entries.map(({ actor }) => actor));
  // A member sees the addresses of its own keys and users only.
  const own = await findOwnActors(db, viewer.organisationId, [...actors]);
  const named = await withNames(db, entries);
  return named.map((entry) =>
    own.has(entry.actor) ? entry : { ...entry, address: null, addressSalt: null },
  );
}

/** All entries from a position on, for those who administrate the server. */
export async function readWholeAudit(db: Database, page: AuditPage): Promise<AuditEntryView[]> {
  return withNames(db, await listAllEntries(db, page));
}

async function withNames(
  db: Database,
  entries: readonly AuditEntryRecord[],
): Promise<AuditEntryView[]> {
  const ids = new Set(entries.flatMap(({ organisationId }) => organisationId ?? []));
  const [slugs, realms] = await Promise.all([findSlugs(db, [...ids]), findRealmSlugs(db)]);
  return entries.map((entry) => ({
    ...entry,
    realm: realms.get(entry.realmId ?? -1) ?? null,
    organisation: slugs.get(entry.organisationId ?? -1) ?? null,
  }));
}

export interface InclusionProof {
  readonly leaf: Buffer;
  readonly hashes: readonly Buffer[];
}

/**
 * Proves that an entry which the member may read is in the tree of `size` leaves.
 * Throws Problem not_found or invalid_request.
 */
export async function proveInclusion(
  db: Database,
  member: Member,
  { position, size }: { readonly position: number; readonly size: number },
): Promise<InclusionProof> {
  await checkSize(db, size);
  const leaf =
    member.role === 'admin'
      ? (await findNodes(db, [{ level: 0, place: position }]))[0]
      : await asViewer(db, member.viewer, (tx) => findOwnLeaf(tx, position));
  if (leaf === undefined || position >= size) {
    throw new Problem('not_found', 'No such entry about your organisation in a tree of this size');
  }
  return { leaf, hashes: await hashRanges(db, inclusionPath(position, size)) };
}

/** What proves that the leaves given are all that a checkpoint covers about one organisation. */
export interface PartProof extends Part {
  readonly slots: number;
  readonly blind: Buffer;
  readonly hashes: readonly Buffer[];
}

/**
 * Proves the part of the member's organisation under the checkpoint of `size` leaves, with a page of
 * its leaves. Throws Problem invalid_request.
 */
export async function provePart(
  db: Database,
  { viewer }: Member,
  { size, ...page }: AuditPage & { readonly size: number },
): Promise<{ readonly part: PartProof; readonly leaves: readonly OwnLeaf[] }> {
  const { organisationId } = viewer;
  const checkpoint = await findCheckpoint(db, size);
  if (checkpoint === undefined) {
    throw new Problem('invalid_request', 'No checkpoint has this size. Use the size of one', {
      path: 'querystring.size',
    });
  }
  const map = await partMap(db, size, checkpoint.salt);
  const hashes = map.prove(organisationId);
  const found = map.part(organisationId);
  if (hashes === undefined) throw new Problem('not_found', 'There is no entry about you yet');
  const part = {
    ...found,
    slots: map.slots,
    blind: blindOf(checkpoint.salt, organisationId),
    hashes,
  };
  const leaves = await asViewer(db, viewer, (tx) => listOwnLeaves(tx, { ...page, size }));
  return { part, leaves };
}

/**
 * Proves that the tree of `older` leaves is the beginning of the tree of `newer` ones.
 * Throws Problem invalid_request.
 */
export async function proveConsistency(
  db: Database,
  { older, newer }: { readonly older: number; readonly newer: number },
): Promise<Buffer[]> {
  await checkSize(db, newer);
  if (older > newer) {
    throw new Problem('invalid_request', 'The older tree is the smaller one', {
      path: 'querystring.from',
    });
  }
  return hashRanges(db, consistencyPath(older, newer));
}

/** The signed note of the newest checkpoint. Throws Problem not_ready before the first. */
export async function readCheckpoint(db: Database): Promise<string> {
  const newest = await findCheckpoint(db);
  if (newest !== undefined) return newest.note;
  throw new Problem('not_ready', 'Nothing has been signed yet. Try again in a minute');
}

/** Proofs are given about what was signed, not about what may still be to come. */
async function checkSize(db: Database, size: number): Promise<void> {
  const newest = await findCheckpoint(db);
  if (size <= (newest?.size ?? -1)) return;
  throw new Problem('invalid_request', 'No checkpoint of this size or above was signed yet', {
    path: 'querystring.size',
  });
}
