/** The body of a webhook, after Standard Webhooks: type, timestamp, data. Pure. */
import { createHash } from 'node:crypto';
import { labelOf, type Realm } from '../sharing/realm.ts';
import { timestampOf } from '../sharing/served.ts';
import type { LogRow } from '../sharing/log-row.ts';

export interface PayloadParts {
  readonly subscriptionId: string;
  readonly realm: Pick<Realm, 'slug'>;
  /** Sealed cursors of where the batch begins and ends. */
  readonly from: string;
  readonly to: string;
  readonly rows: readonly LogRow[];
  /** What `rows` puts, and the definitions of its levels, joined by commas. */
  readonly contents: Buffer;
  /** The contexts of what `rows` puts, joined by commas. */
  readonly contexts: Buffer;
  /** A hash of what `rows` are to their reader. */
  readonly digest: string;
}

export interface Payload {
  /** The same for every attempt at the same rows. */
  readonly webhookId: string;
  /** In parts, one after another. */
  readonly body: readonly Buffer[];
  readonly bytes: number;
  readonly objects: number;
  readonly withdrawn: number;
}

/**
 * `objects.changed`: the objects of a part of the log as a bundle, the context of each, and the ids
 * withdrawn in it.
 */
export function changedPayload(parts: PayloadParts): Payload {
  const { subscriptionId, realm, from, to, rows, contents, contexts, digest } = parts;
  const withdrawn = rows.flatMap(({ kind, stixId }) => (kind === 'withdraw' ? stixId : []));
  const hash = createHash('sha256').update(`${subscriptionId} ${from} ${to} ${digest}`).digest();
  const head = JSON.stringify({
    type: 'objects.changed',
    timestamp: timestampOf(rows.at(-1)?.addedMicros ?? 0),
    data: { subscription: subscriptionId, ...labelOf(realm), from, to, withdrawn },
  });
  const bundle = `"bundle":{"type":"bundle","id":"bundle--${uuidOf(hash)}","objects":[`;
  const body = [
    Buffer.from(`${head.slice(0, -2)},${bundle}`),
    contents,
    Buffer.from(']},"context":['),
    contexts,
    Buffer.from(']}}'),
  ];
  return {
    webhookId: `msg_${hash.toString('base64url').slice(0, 32)}`,
    body,
    bytes: body.reduce((sum, part) => sum + part.length, 0),
    objects: rows.length - withdrawn.length,
    withdrawn: withdrawn.length,
  };
}

/** `test`: says that the endpoint can be reached and the signature checked. */
export function testPayload(subscriptionId: string, now: Date, id: string): Payload {
  const body = JSON.stringify({
    type: 'test',
    timestamp: now.toISOString(),
    data: { subscription: subscriptionId },
  });
  const bytes = Buffer.from(body);
  return {
    webhookId: `msg_${id}`,
    body: [bytes],
    bytes: bytes.length,
    objects: 0,
    withdrawn: 0,
  };
}

/** A UUID made of a hash (RFC 9562 §5.8, version 8). */
function uuidOf(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
