/** The texts that the audit hashes, put together from what the database has; docs/audit.md states them. */
import { createHash } from 'node:crypto';
import type { AuditRow, LeafRecord } from '../store/audit/records.ts';

/** The entry that a row is. */
export function entryOf(row: AuditRow): string {
  return textOf(
    'tocsin audit 1',
    row.id,
    row.at,
    row.organisationId ?? '-',
    row.realmId ?? '-',
    JSON.stringify(row.actor),
    JSON.stringify(row.action),
    row.requestId === null ? '-' : JSON.stringify(row.requestId),
    createHash('sha256')
      .update(`${row.addressSalt}\n${row.address ?? '-'}`)
      .digest('hex'),
    row.detail,
    row.nonce,
  );
}

/** The text whose hash is a leaf. */
export function leafTextOf(leaf: Pick<LeafRecord, LeafColumns>): string {
  const month = leaf.month.slice(0, 'YYYY-MM'.length);
  return textOf('tocsin audit leaf 1', leaf.auditId, month, leaf.organisationId, leaf.entryHash);
}

type LeafColumns = 'auditId' | 'month' | 'organisationId' | 'entryHash';

function textOf(...lines: readonly (string | number)[]): string {
  return `${lines.join('\n')}\n`;
}
