/**
 * Cursors as readers hold them. A seq never leaves the server as a number, since the
 * distance between two of them would tell how much others share: it is sealed, bound to the
 * organisation and realm, and the same seq always seals to the same text.
 */
import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';
import type { Viewer } from '../sharing/viewer.ts';

/** 36 sealed bytes in base64url: whole, and nothing more. */
const FORM = /^[A-Za-z0-9_-]{48}$/;

type Reader = Pick<Viewer, 'organisationId' | 'realmId'>;

/** The text of a seq for one organisation. */
export function sealCursor(keyring: Keyring, reader: Reader, seq: number): string {
  return sealNumber(keyring, reader, 'cursor', seq);
}

/** The seq that a cursor means; `path` is where the request gave it. Throws Problem cursor_invalid. */
export function openCursor(keyring: Keyring, reader: Reader, cursor: string, path: string): number {
  return openNumber(keyring, reader, 'cursor', { text: cursor, path });
}

/** What is counted: the rows of the log, all attempts at deliveries, or the versions in the results of one search. */
type NumberKind = 'cursor' | 'attempt' | `search ${string}`;

/** A number that counts what others do too, so that it leaves the server sealed. */
export function sealNumber(
  keyring: Keyring,
  reader: Reader,
  kind: NumberKind,
  number: number | bigint,
): string {
  const plain = Buffer.alloc(8);
  plain.writeBigUInt64BE(BigInt(number));
  const context = contextOf(reader, kind);
  return seal(keyring, 'cursor', plain, context, { deterministic: true }).toString('base64url');
}

/** What was sealed; `path` is where the request gave it. Throws Problem cursor_invalid. */
export function openNumber(
  keyring: Keyring,
  reader: Reader,
  kind: NumberKind,
  { text, path }: { readonly text: string; readonly path: string },
): number {
  const plain = FORM.test(text)
    ? unseal(keyring, 'cursor', Buffer.from(text, 'base64url'), contextOf(reader, kind))
    : undefined;
  if (plain?.length !== 8) {
    throw new Problem(
      'cursor_invalid',
      'Send `next` of an earlier answer to your organisation unchanged, or leave the cursor out to read from ' +
        'the beginning',
      { path },
    );
  }
  return Number(plain.readBigUInt64BE());
}

function contextOf({ organisationId, realmId }: Reader, kind: NumberKind): string {
  return `${kind} ${realmId} ${organisationId}`;
}
