/** Everything in Tocsin that takes locks, on a database with enough content for each to have work. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createKeyring } from '../../src/keyring.ts';
import { purge } from '../../src/indicators/purge.ts';
import { chainAll } from '../../src/log/audit-chain.ts';
import { operator } from '../../src/organisations/administer.ts';
import { createOrganisation } from '../../src/organisations/create.ts';
import { createGroup, join, leave } from '../../src/organisations/groups.ts';
import { createRealm, archiveRealm, wipeRealm } from '../../src/organisations/realms.ts';
import { mintKey } from '../../src/organisations/key-acts.ts';
import { pruneAudit } from '../../src/store/audit-prune.ts';
import type { Database } from '../../src/store/database.ts';
import { sequenceInbox } from '../../src/store/log.ts';
import { noteStanding } from '../../src/store/membership.ts';
import { migrate } from '../../src/store/migrate.ts';
import { whileFounding } from '../../src/store/organisations.ts';
import { createLog } from '../../src/telemetry.ts';
import { acceptAs } from '../support/accept.ts';
import { slug } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { sequenceAll } from '../support/tocsin.ts';

/** One kind of transaction that takes locks. */
export interface Taker {
  readonly name: string;
  /** Brings about what it finds to do, and returns the act, which may be run at any time. */
  prepare(): Promise<() => Promise<unknown>>;
}

export interface LockWorld {
  readonly takers: readonly Taker[];
}

export async function aLockWorld(url: string, db: Database, owner: pg.Client): Promise<LockWorld> {
  const by = operator('test');
  const keyring = createKeyring(Buffer.alloc(32, 7));
  const [creator, sharer, reader] = [slug('creator'), slug('sharer'), slug('reader')] as const;
  const identity = `identity--${randomUUID()}`;
  for (const one of [creator, sharer, reader]) {
    const facts = { kind: 'allied_nation', ceiling: 'red', defaultTlp: 'green' } as const;
    const wish = { ...facts, slug: one, name: one, communities: ['alliance'] };
    await createOrganisation(db, one === creator ? { ...wish, identity } : wish, 'test');
  }
  const group = slug('group');
  const facts = { description: '', open: false, hiddenMembers: false };
  const members = [creator, sharer, reader];
  const wish = { ...facts, slug: group, name: group, owners: [creator], members };
  await createGroup(db, by, wish);
  await acceptAs(db, creator, [indicator()], [group]);

  await sequenceAll(db);
  const fresh = async (audience = 'alliance'): Promise<PostedObject> => {
    const object = indicator({ created_by_ref: identity });
    await acceptAs(db, creator, [object], [audience]);
    return object;
  };
  const setMember = async (isIn: boolean): Promise<void> => {
    await (isIn ? join : leave)(db, by, group, 'member', reader);
  };
  /** Past Tocsin, as an operator with psql would. */
  const moveByHand = async (): Promise<void> => {
    await owner.query(
      `with gone as (
         delete from audience_member m using audience a, organisation o
         where a.id = m.audience_id and o.id = m.organisation_id and a.slug = $1 and o.slug = $2
         returning 1)
       insert into audience_member (audience_id, organisation_id)
       select a.id, o.id from audience a, organisation o
       where a.slug = $1 and o.slug = $2 and not exists (select from gone)`,
      [group, reader],
    );
  };
  const endByTime = async (): Promise<void> => {
    await moveByHand();
    await owner.query(
      `update member_standing set holds_until = now()
       where organisation_id = (select id from organisation where slug = $1)`,
      [reader],
    );
  };
  const exercise = async (): Promise<string> => {
    const name = slug('exercise');
    const from = new Date(Date.now() - 1000);
    const until = new Date(Date.now() + 3_600_000);
    const members = [creator, reader];
    await createRealm(db, by, { slug: name, name, from, until, members, ceiling: 'red' });
    return name;
  };
  const sequence = () => sequenceInbox(db, 100);

  const taker = (name: string, prepare: Taker['prepare']): Taker => ({ name, prepare });
  const takers = [
    taker('write', async () => () => acceptAs(db, sharer, [indicator()], ['alliance'])),
    taker('narrow', async () => {
      const object = await fresh();
      return () => acceptAs(db, creator, [newer(object)], [sharer]);
    }),
    taker('reshare', async () => {
      const object = await fresh();
      return () => acceptAs(db, sharer, [object], ['alliance']);
    }),
    taker('revoke as the creator', async () => {
      const object = await fresh();
      await acceptAs(db, sharer, [object], ['alliance']);
      return () => acceptAs(db, creator, [{ ...newer(object), revoked: true }], ['alliance']);
    }),
    taker('sequence', async () => {
      await fresh();
      return sequence;
    }),
    taker('sequence, with an agreement due', async () => {
      await endByTime();
      return sequence;
    }),
    taker('sequence, with an announcement to spread', async () => {
      await moveByHand();
      await noteStanding(db);
      return sequence;
    }),
    taker('note what was changed by hand', async () => {
      await moveByHand();
      return () => noteStanding(db);
    }),
    taker('purge', async () => {
      const { id: stixId } = await fresh();
      const wish = { stixId, reason: 'test', actor: 'test', requestId: 'test' };
      const [row] = (await owner.query<{ id: number }>('select min(id) as id from organisation'))
        .rows;
      const context = { db, onAccepted: () => undefined };
      return () => purge(context, { ...wish, organisationId: row?.id ?? 0 });
    }),
    taker('archive', async () => {
      const name = await exercise();
      return () => archiveRealm(db, by, name, 'test');
    }),
    taker('wipe', async () => {
      const name = await exercise();
      await archiveRealm(db, by, name, 'test');
      return () => wipeRealm(db, by, name, 'test');
    }),
    taker('join a group', async () => {
      await setMember(false);
      return () => setMember(true);
    }),
    taker('create a group', async () => {
      const name = slug('group');
      return () => createGroup(db, by, { ...wish, slug: name, name });
    }),
    taker('create a key', async () => {
      const key = { organisation: reader, role: 'feed', label: '', expiresAt: null } as const;
      return () => mintKey({ db, keyring }, by, key);
    }),
    taker('found', async () => () => whileFounding(db, () => setMember(true))),
    taker('chain the audit', async () => () => chainAll(db)),
    taker('prune the audit', async () => () => pruneAudit(url, new Date(0), 'test')),
    taker('migrate', async () => () => migrate({ url, log: createLog('silent') })),
  ];
  return { takers };
}
