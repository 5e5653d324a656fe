/** Everything in Tocsin that takes locks, on a database with enough content for each to have work. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { systemClock } from '../../src/clock.ts';
import { purge } from '../../src/indicators/purge.ts';
import { createKeyring } from '../../src/keyring.ts';
import { chainAll } from '../../src/audit/chain.ts';
import { operator } from '../../src/access/administer.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { createOrganisation } from '../../src/members/create.ts';
import { createGroup, join, leave } from '../../src/members/groups.ts';
import { mintKey } from '../../src/access/key-acts.ts';
import { archiveRealm, createRealm, wipeRealm } from '../../src/members/realms.ts';
import { announcePrune, dropPruned } from '../../src/store/audit/prune.ts';
import type { Database } from '../../src/store/postgres/database.ts';
import { sequenceInbox } from '../../src/store/content/log.ts';
import { noteStanding } from '../../src/store/members/membership.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { whileFounding } from '../../src/store/members/organisations.ts';
import { createLogger } from '../../src/telemetry.ts';
import { acceptAs } from '../support/accept.ts';
import { slug } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { sequenceAll } from '../support/tocsin.ts';

type Act = () => Promise<unknown>;

/** A kind of transaction that takes locks. */
export interface Taker {
  readonly name: string;
  /** Prepares work for it, and returns the act, which may be run at any time. */
  prepare(): Promise<Act>;
}

const taker = (name: string, prepare: () => Promise<Act>): Taker => ({ name, prepare });

/** Three organisations, the first of which owns a group of all three. */
class LockWorld {
  readonly creator: string;
  readonly sharer: string;
  readonly reader: string;
  readonly identity: string;
  readonly by = operator('test');
  readonly url: string;
  readonly db: Database;
  readonly owner: pg.Client;
  readonly #group: string;

  /** With `like`, the same world by other connections: what a second process works on. */
  constructor(url: string, db: Database, owner: pg.Client, like?: LockWorld) {
    this.url = url;
    this.db = db;
    this.owner = owner;
    this.creator = like?.creator ?? slug('creator');
    this.sharer = like?.sharer ?? slug('sharer');
    this.reader = like?.reader ?? slug('reader');
    this.identity = like?.identity ?? `identity--${randomUUID()}`;
    this.#group = like === undefined ? slug('group') : like.#group;
  }

  async found(): Promise<void> {
    const { creator, sharer, reader, identity } = this;
    for (const one of [creator, sharer, reader]) {
      const facts = { kind: 'allied_nation', ceiling: 'red', defaultTlp: 'green' } as const;
      const input = { ...facts, slug: one, name: one, communities: ['alliance'] };
      const named = one === creator ? { ...input, identity } : input;
      await createOrganisation(this.db, named, 'test');
    }
    await this.createsGroup(this.#group);
    await acceptAs(this.db, creator, [indicator()], [this.#group]);
    await sequenceAll(this.db);
  }

  createsGroup(name: string): Promise<unknown> {
    const facts = {
      description: '',
      open: false,
      hiddenMembers: false,
      admission: 'direct',
    } as const;
    const members = [this.creator, this.sharer, this.reader];
    const input = { ...facts, slug: name, name, owners: [this.creator], members };
    return createGroup(this, this.by, input);
  }

  readonly quotas = {
    owned: 10_000,
    joined: 10_000,
    members: 10,
    invitationsReceived: 10,
    invitationsSent: 10,
  };

  async isShared(audience = 'alliance'): Promise<PostedObject> {
    const object = indicator({ created_by_ref: this.identity });
    await acceptAs(this.db, this.creator, [object], [audience]);
    return object;
  }

  async joins(isIn: boolean): Promise<void> {
    const verb = isIn ? join : leave;
    await verb(this, this.by, this.#group, 'member', this.reader);
  }

  /** Past Tocsin, as an operator with psql would. */
  async movesByHand(): Promise<void> {
    await this.owner.query(
      `with gone as (
         delete from audience_member m using audience a, organisation o
         where a.id = m.audience_id and o.id = m.organisation_id and a.slug = $1 and o.slug = $2
         returning 1)
       insert into audience_member (audience_id, organisation_id)
       select a.id, o.id from audience a, organisation o
       where a.slug = $1 and o.slug = $2 and not exists (select from gone)`,
      [this.#group, this.reader],
    );
  }

  async endsByTime(): Promise<void> {
    await this.movesByHand();
    await this.owner.query(
      `update member_standing set holds_until = now()
       where organisation_id = (select id from organisation where slug = $1)`,
      [this.reader],
    );
  }

  async plays(): Promise<string> {
    const name = slug('exercise');
    const from = new Date(Date.now() - 1000);
    const until = new Date(Date.now() + 3_600_000);
    const members = [this.creator, this.reader];
    const input = { slug: name, name, from, until, members, ceiling: 'red' } as const;
    await createRealm(this.db, this.by, input);
    return name;
  }
}

function writers(world: LockWorld): Taker[] {
  const { db, creator, sharer } = world;
  return [
    taker('write', async () => () => acceptAs(db, sharer, [indicator()], ['alliance'])),
    taker('narrow', async () => {
      const object = await world.isShared();
      return () => acceptAs(db, creator, [newer(object)], [sharer]);
    }),
    taker('reshare', async () => {
      const object = await world.isShared();
      return () => acceptAs(db, sharer, [object], ['alliance']);
    }),
    taker('revoke as the creator', async () => {
      const object = await world.isShared();
      await acceptAs(db, sharer, [object], ['alliance']);
      return () => acceptAs(db, creator, [{ ...newer(object), revoked: true }], ['alliance']);
    }),
    taker('purge', async () => {
      const { id: stixId } = await world.isShared();
      const member = await memberOfOrganisation(db, creator, 'test');
      const input = { stixId, reason: 'test', member, requestId: 'test' };
      return () => purge({ db, clock: systemClock, onAccepted: () => undefined }, input);
    }),
  ];
}

function sequencers(world: LockWorld): Taker[] {
  const { db } = world;
  const sequence = () => sequenceInbox(db, 100);
  return [
    taker('sequence', async () => {
      await world.isShared();
      return sequence;
    }),
    taker('sequence, with an agreement due', async () => {
      await world.endsByTime();
      return sequence;
    }),
    taker('sequence, with an announcement to spread', async () => {
      await world.movesByHand();
      await noteStanding(db);
      return sequence;
    }),
    taker('note what was changed by hand', async () => {
      await world.movesByHand();
      return () => noteStanding(db);
    }),
  ];
}

function administrators(world: LockWorld): Taker[] {
  const { db, by } = world;
  const keyring = createKeyring(Buffer.alloc(32, 7));
  return [
    taker('archive', async () => {
      const name = await world.plays();
      return () => archiveRealm(db, by, name, 'test');
    }),
    taker('wipe', async () => {
      const name = await world.plays();
      await archiveRealm(db, by, name, 'test');
      return () => wipeRealm(db, by, name, 'test');
    }),
    taker('join a group', async () => {
      await world.joins(false);
      return () => world.joins(true);
    }),
    taker('create a group', async () => () => world.createsGroup(slug('group'))),
    taker('create a key', async () => {
      const key = { role: 'feed', label: '', expiresAt: null } as const;
      return () => mintKey({ db, keyring }, by, { ...key, organisation: world.reader });
    }),
    taker('found', async () => () => whileFounding(db, () => world.joins(true))),
  ];
}

function keepers({ url, db }: LockWorld): Taker[] {
  return [
    taker('chain the audit', async () => () => chainAll(db)),
    taker('announce a prune', async () => () => announcePrune(url, new Date(0), 'test')),
    taker('drop what was pruned', async () => () => dropPruned(url)),
    taker('migrate', async () => () => migrate({ url, logger: createLogger('silent') })),
  ];
}

/** All kinds of lock takers, in two processes that work on one database. */
export async function allTakers(
  url: string,
  [one, other]: readonly [Database, Database],
  owner: pg.Client,
): Promise<{ readonly first: Taker[]; readonly second: Taker[] }> {
  const world = new LockWorld(url, one, owner);
  await world.found();
  const all = (of: LockWorld) =>
    [writers, sequencers, administrators, keepers].flatMap((some) => some(of));
  return { first: all(world), second: all(new LockWorld(url, other, owner, world)) };
}
