/**
 * What a key passes on to the keys that it makes. No key creates a key that may do more, from
 * more networks, or for longer than itself: a key for an hour gives access for an hour.
 */
import { Problem } from '../errors.ts';
import { findKeyBounds, type KeyBounds } from '../store/access/keys.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import type { Administrator } from './administer.ts';
import { isCovered } from '../networks.ts';

/** Longer lines of keys that created keys are useless, and make ending one expensive. */
const GENERATIONS_MAX = 16;

/** From where and how long a key may be used; no networks means from anywhere. */
export interface Bounds {
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
}

/** With which key and which user a key ends. */
export interface Lineage {
  readonly parentId: string | undefined;
  readonly madeByUser: string | undefined;
}

/** The key that asks; undefined for the operator and for users, who are bound by nothing. */
export async function boundsOf(tx: ServerTx, by: Administrator): Promise<KeyBounds | undefined> {
  return by.keyId === undefined ? undefined : findKeyBounds(tx, by.keyId);
}

/**
 * The bounds of a new key: those wished, where left open those of its parent.
 * Throws Problem key_exceeds_parent.
 */
export function inherit(wished: Bounds, parent: KeyBounds | undefined): Bounds {
  if (parent === undefined) return wished;
  if (parent.ancestorIds.length + 1 >= GENERATIONS_MAX) {
    const detail = `Your key is the last of ${GENERATIONS_MAX} that created one another. Use an earlier one, or sign in`;
    throw new Problem('key_exceeds_parent', detail);
  }
  const networks = wished.networks.length === 0 ? parent.networks : wished.networks;
  const expiresAt = wished.expiresAt ?? parent.expiresAt;
  refuseBeyond({ networks, expiresAt }, parent);
  return { networks, expiresAt };
}

/** Throws Problem key_exceeds_parent for bounds that are not within those of `parent`. */
function refuseBeyond({ networks, expiresAt }: Bounds, parent: Bounds): void {
  const end = parent.expiresAt;
  if (end !== null && (expiresAt === null || expiresAt > end)) {
    const detail = `The key would end later than yours. Choose an end no later than ${end.toISOString()}, or sign in`;
    throw new Problem('key_exceeds_parent', detail, { path: 'body.expires_at' });
  }
  if (parent.networks.length === 0) return;
  const beyond = networks.find((network) => !isCovered(network, parent.networks));
  if (networks.length > 0 && beyond === undefined) return;
  const detail =
    `${beyond ?? 'A key that may be used from anywhere'} is not within the networks of your key: ` +
    `${parent.networks.join(', ')}. Choose networks within these, or sign in`;
  throw new Problem('key_exceeds_parent', detail, { path: 'body.networks' });
}

/** A key ends with the key that asked for it, or with the user who did. */
export function lineageOf(by: Administrator): Lineage {
  return { parentId: by.keyId, madeByUser: by.userId };
}

/**
 * With whom the successor of `old` ends. A key that rotates itself passes its parent on; the old key
 * may expire, but if it is revoked the successor is revoked too (end_descendants), because the holder
 * of the old key has the new one. If another key or user rotates it, the successor ends with that one
 * and has to be within its bounds. Throws Problem key_exceeds_parent.
 */
export function successorLineage(
  by: Administrator,
  old: KeyBounds,
  asking: KeyBounds | undefined,
): Lineage {
  if (asking === undefined) return lineageOf(by);
  if (asking.id === old.id) {
    return { parentId: old.parentId ?? undefined, madeByUser: old.madeByUser ?? undefined };
  }
  if (asking.originIds.includes(old.id)) {
    throw new Problem(
      'key_exceeds_parent',
      'A key cannot rotate one that it descends from or was rotated from. Use that key itself, or sign in',
    );
  }
  refuseBeyond(old, asking);
  return lineageOf(by);
}
