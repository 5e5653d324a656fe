/** What members may know of the audit: their own part, and proof that it is in the whole. */
import { Problem } from '../errors.ts';
import { hashRanges } from '../log/checkpoint.ts';
import { consistencyPath, inclusionPath } from '../log/merkle.ts';
import type { Member } from '../sharing/member.ts';
import {
  findOwnLeaf,
  findSlugs,
  listAllEntries,
  listOwnEntries,
  type AuditEntryRecord,
  type AuditPage,
} from '../store/audit-entries.ts';
import { findCheckpoint, findNodes } from '../store/audit-tree.ts';
import type { Database } from '../store/database.ts';
import { asViewer } from '../store/transaction.ts';

export interface AuditEntryView extends AuditEntryRecord {
  /** A slug; null when the entry is about no organisation. */
  readonly organisation: string | null;
}

/** The entries from a position on: all for an admin, else those about the own organisation. */
export async function readAudit(
  db: Database,
  member: Member,
  page: AuditPage,
): Promise<AuditEntryView[]> {
  const entries =
    member.role === 'admin'
      ? await listAllEntries(db, page)
      : await asViewer(db, member.viewer, (tx) => listOwnEntries(tx, page));
  const ids = new Set(entries.flatMap(({ organisationId }) => organisationId ?? []));
  const slugs = await findSlugs(db, [...ids]);
  return entries.map((entry) => ({
    ...entry,
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
    throw new Problem('not_found', 'There is no such entry for you in a tree of this size');
  }
  return { leaf, hashes: await hashRanges(db, inclusionPath(position, size)) };
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
    throw new Problem('invalid_request', 'The older tree is the smaller one', { path: 'from' });
  }
  return hashRanges(db, consistencyPath(older, newer));
}

/** Proofs are given about what was signed, not about what may still be to come. */
async function checkSize(db: Database, size: number): Promise<void> {
  const newest = await findCheckpoint(db);
  if (size <= (newest?.size ?? -1)) return;
  throw new Problem('invalid_request', 'No checkpoint of this size or above was signed yet', {
    path: 'size',
  });
}
