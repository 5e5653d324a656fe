/** UUIDs made from names: RFC 4122 section 4.3, and the like with the version that a caller asks for. */
import { hash } from 'node:crypto';

/** The UUIDv5 of a name. @param namespace 16 octets */
export function uuid5(namespace: Buffer, name: string): string {
  return uuidOf(hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'buffer'), 0x50);
}

/** The first 16 octets with the version and the variant of RFC 4122. Changes the octets. */
export function uuidOf(digest: Buffer, version: 0x40 | 0x50): string {
  digest[6] = ((digest[6] ?? 0) & 0x0f) | version;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${groups.join('-')}-${hex.slice(20)}`;
}
