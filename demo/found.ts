import { readConfig } from '../src/config.ts';
import { createKey, createOrganisation } from '../src/members/create.ts';
import type { Role } from '../src/sharing/member.ts';
import { createLogger } from '../src/telemetry.ts';
import { openStore, type OpenStore } from '../src/commands/open.ts';
import { CAST, type Player } from './cast.ts';
import { demoEnvironment } from './environment.ts';

/** A member of the cast with what it needs to take part. */
export interface Member extends Player {
  /** Its STIX identity. */
  readonly identity: string;
  /** With which it reads, as an analyst. */
  readonly analystKey: string;
  /** With which it posts or, as who has a webhook, subscribes. */
  readonly actingKey: string;
}

/**
 * Makes the organisations and their keys, as `tocsin org create` and `tocsin key create` do: on the
 * database of the running server.
 */
export async function foundMembers(dataDir: string): Promise<Member[]> {
  const store = await openStore(readConfig(demoEnvironment(dataDir)), createLogger('error'));
  try {
    const members: Member[] = [];
    for (const player of CAST) members.push(await foundMember(store, player));
    return members;
  } finally {
    await store.close();
  }
}

async function foundMember({ db, keyring }: OpenStore, player: Player): Promise<Member> {
  const wish = { ...player, defaultTlp: 'green' as const };
  const { identity } = await createOrganisation(db, wish, 'demo');
  const keyOf = (role: Role) =>
    createKey(
      db,
      keyring,
      { organisation: player.slug, role, label: `demo, ${role}`, expiresAt: null },
      'demo',
    );
  const analystKey = await keyOf('analyst');
  const actingKey = await keyOf(player.part === 'posts' ? 'publisher' : 'org_admin');
  return { ...player, identity, analystKey, actingKey };
}
