/** What was revoked, disabled or suspended opens nothing any more, by whatever way round it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endKeysMadeBy } from '../../src/store/access/keys.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { Actor, anActor, keyOf } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Key {
  id: string;
  key: string;
  role: string;
  networks: string[];
  expires_at: string | null;
  revoked_at: string | null;
  ends_with: string | null;
  created_by: { type: string; id: string | null; name: string | null };
}

const HOUR_MS = 3_600_000;
const HERE = ['127.0.0.0/8', '::1/128'];

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_QUOTA_KEYS: '5000' } });
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

function holding({ key }: { key: string }, who = chief): Actor {
  return new Actor(tocsin, { slug: who.slug, identity: who.identity, key });
}

async function mint(by: Actor, wish: object = {}): Promise<Key> {
  const { body } = await by
    .sends('post', '/keys')
    .send({ role: 'org_admin', ...wish })
    .expect(201);
  return body as Key;
}

async function rotate(by: Actor, id: string, overlapSeconds: number): Promise<Key> {
  const wish = { overlap_seconds: overlapSeconds };
  const { body } = await by.sends('post', `/keys/${id}/rotate`).send(wish).expect(201);
  return body as Key;
}

/** The code that a key is rejected with, or undefined where it is accepted. */
async function rejection({ key }: { key: string }): Promise<unknown> {
  const { body } = await holding({ key }).sends('get', '/me');
  return (body as { code?: string }).code;
}

function inAnHour(hours = 1): string {
  return new Date(tocsin.clock.now().getTime() + hours * HOUR_MS).toISOString();
}

describe('a key makes no key with wider bounds than its own', () => {
  it('passes on its networks and its end where none are wished', async () => {
    const parent = await mint(chief, { networks: HERE, expires_at: inAnHour() });
    const child = await mint(holding(parent));
    expect(child).toMatchObject({
      networks: HERE,
      expires_at: parent.expires_at,
      ends_with: parent.id,
    });
  });

  it.each([
    ['another network', { networks: ['192.0.2.0/24'] }],
    ['a wider network', { networks: ['126.0.0.0/7'] }],
    ['one network too many', { networks: ['127.0.0.1/32', '198.51.100.0/24'] }],
    ['all of IPv6', { networks: ['::/0'] }],
    ['a later end', { expires_at: '2999-01-01T00:00:00Z' }],
  ])('not with %s', async (_, wish) => {
    const parent = await mint(chief, { networks: HERE, expires_at: inAnHour() });
    const { body } = await holding(parent)
      .sends('post', '/keys')
      .send({ role: 'feed', ...wish })
      .expect(403);
    expect(body).toMatchObject({ code: 'key_exceeds_parent' });
  });

  it('makes narrower ones', async () => {
    const parent = await mint(chief, { networks: HERE, expires_at: inAnHour(2) });
    const wish = { networks: ['127.0.0.1/32'], expires_at: inAnHour(1) };
    expect(await mint(holding(parent), wish)).toMatchObject(wish);
  });

  it('nor by rotating a key that has wider ones', async () => {
    const unbound = await mint(chief);
    const parent = await mint(chief, { networks: HERE, expires_at: inAnHour() });
    const path = `/keys/${unbound.id}/rotate`;
    const { body } = await holding(parent).sends('post', path).send({}).expect(403);
    expect(body).toMatchObject({ code: 'key_exceeds_parent' });
    expect(await rejection(unbound)).toBeUndefined();
  });

  it('nor by rotating the one that made it, or that was rotated into it', async () => {
    const parent = await mint(chief);
    const child = await mint(holding(parent));
    const next = await rotate(holding(parent), parent.id, 3600);
    for (const key of [child, next]) {
      const rotated = holding(key).sends('post', `/keys/${parent.id}/rotate`).send({});
      expect((await rotated.expect(403)).body).toMatchObject({ code: 'key_exceeds_parent' });
    }
  });
});

describe('a key ends with the key that made it', () => {
  it('when that is revoked, through every generation', async () => {
    const line = [await mint(chief)];
    for (let i = 0; i < 4; i++) line.push(await mint(holding(line.at(-1) as Key)));
    await chief.sends('delete', `/keys/${line[0]?.id}`).expect(204);
    for (const key of line) expect(await rejection(key)).toBe('key_revoked');
    expect(await rejection(chief)).toBeUndefined();
  });

  it('when that expires', async () => {
    const parent = await mint(chief, { expires_at: inAnHour() });
    const child = await mint(holding(parent));
    tocsin.clock.advance(HOUR_MS + 1);
    expect(await rejection(child)).toBe('key_expired');
  });

  it('when the operator revokes that in the database', async () => {
    const parent = await mint(chief);
    const child = await mint(holding(parent));
    await tocsin.sql('update api_key set revoked_at = now() where id = $1', [parent.id]);
    expect(await rejection(child)).toBe('key_revoked');
  });

  it('in a line of at most 16', async () => {
    const line = [await mint(chief)];
    while (line.length < 15) line.push(await mint(holding(line.at(-1) as Key)));
    const last = holding(line.at(-1) as Key);
    const { body } = await last.sends('post', '/keys').send({ role: 'feed' }).expect(403);
    expect(body).toMatchObject({ code: 'key_exceeds_parent' });
  });

  it('on a line of any length, so that no line is too long to be revoked', async () => {
    const root = await mint(chief);
    await tocsin.sql(
      `insert into api_key (id, organisation_id, realm_id, role, secret_hash, parent_id)
       select 'line-' || $1 || n, k.organisation_id, k.realm_id, 'feed', '', case n when 1 then k.id else 'line-' || $1 || (n - 1) end
       from api_key k, generate_series(1, 1000) as n where k.id = $1`,
      [root.id],
    );
    await chief.sends('delete', `/keys/${root.id}`).expect(204);
    const [left] = await tocsin.sql<{ count: string }>(
      `select count(*) from api_key where id like 'line-' || $1 || '%' and revoked_at is null`,
      [root.id],
    );
    expect(left?.count).toBe('0');
  });
});

describe('rotation', () => {
  it('hands the keys that a key made to its successor, with which they end', async () => {
    const parent = await mint(chief);
    const child = await mint(holding(parent), { role: 'feed' });
    const next = await rotate(holding(parent), parent.id, 60);
    tocsin.clock.advance(61_000);
    expect(await rejection(parent)).toBe('key_expired');
    expect(await rejection(child)).toBeUndefined();
    await chief.sends('delete', `/keys/${next.id}`).expect(204);
    expect(await rejection(child)).toBe('key_revoked');
  });

  it('ends them with a key that has leaked', async () => {
    const parent = await mint(chief);
    const child = await mint(holding(parent), { role: 'feed' });
    const next = await rotate(chief, parent.id, 0);
    expect(await rejection(child)).toBe('key_revoked');
    expect(await rejection(next)).toBeUndefined();
  });

  it('of itself leaves a key with the parent that it had', async () => {
    const parent = await mint(chief);
    const child = await mint(holding(parent));
    const next = await rotate(holding(child), child.id, 60);
    expect(next.ends_with).toBe(parent.id);
    await chief.sends('delete', `/keys/${parent.id}`).expect(204);
    expect(await rejection(next)).toBe('key_revoked');
  });

  it('by its thief does not save what the thief made, whichever way the key is ended', async () => {
    for (const overlap of [0, 60]) {
      const stolen = await mint(chief);
      const before = await mint(holding(stolen), { role: 'feed' });
      const first = await rotate(holding(stolen), stolen.id, overlap);
      const second = await rotate(holding(first), first.id, 60);
      const after = await mint(holding(second), { role: 'feed' });
      tocsin.clock.advance(61_000);
      // It has ended already, by the act of the thief.
      expect(await rejection(stolen)).toBe(overlap === 0 ? 'key_revoked' : 'key_expired');
      expect(await rejection(after)).toBeUndefined();
      await chief.sends('delete', `/keys/${stolen.id}`).expect(204);
      for (const key of [before, second, after]) expect(await rejection(key)).toBe('key_revoked');
    }
  });

  it('ends with the parent, after any number of rotations', async () => {
    const parent = await mint(chief);
    let key = await mint(holding(parent));
    for (let i = 0; i < 20; i++) key = await rotate(holding(key), key.id, 60);
    const child = await mint(holding(key), { role: 'feed' });
    await chief.sends('delete', `/keys/${parent.id}`).expect(204);
    for (const one of [key, child]) expect(await rejection(one)).toBe('key_revoked');
  });

  it('of a key that has leaked ends what was made with it, except for the new key', async () => {
    const leaked = await mint(chief);
    const stolen = await rotate(holding(leaked), leaked.id, 3600);
    const next = await rotate(holding(leaked), leaked.id, 0);
    expect(await rejection(stolen)).toBe('key_revoked');
    expect(await rejection(next)).toBeUndefined();
  });

  it('by another key makes the successor end with that one', async () => {
    const rotator = await mint(chief);
    const other = await mint(chief, { role: 'feed' });
    const next = await rotate(holding(rotator), other.id, 60);
    await chief.sends('delete', `/keys/${rotator.id}`).expect(204);
    expect(await rejection(next)).toBe('key_revoked');
    expect(await rejection(other)).toBeUndefined();
  });
});

describe('the keys that a user made', () => {
  const end = (userId: string, but: readonly string[] = []) =>
    asServer(tocsin.db, (tx) => endKeysMadeBy(tx, userId, tocsin.clock.now(), { but }));

  it('end together, with their children and successors', async () => {
    const person = await aPerson(tocsin, chief, { role: 'org_admin' });
    const user = await person.signsIn();
    const made = await mint(user);
    const child = await mint(holding(made), { role: 'feed' });
    const next = await rotate(holding(made), made.id, 60);
    const rotated = await rotate(user, (await mint(chief, { role: 'feed' })).id, 60);
    const other = await mint(chief, { role: 'feed' });
    const ended = await end(person.id);
    expect(ended.toSorted()).toEqual([made, child, next, rotated].map(({ id }) => id).toSorted());
    for (const key of [made, child, next, rotated]) {
      expect(await rejection(key)).toBe('key_revoked');
    }
    expect(await rejection(other)).toBeUndefined();
  });

  it('end as far as their roles are beyond what the user may still do', async () => {
    const person = await aPerson(tocsin, chief, { role: 'org_admin' });
    const user = await person.signsIn();
    const [strong, weak] = [await mint(user), await mint(user, { role: 'feed' })];
    expect(await end(person.id, ['analyst', 'feed'])).toEqual([strong.id]);
    expect(await rejection(strong)).toBe('key_revoked');
    expect(await rejection(weak)).toBeUndefined();
  });
});

describe('an administrator sees who made each key, and ends it', () => {
  const list = async (by: Actor, query: object): Promise<Key[]> => {
    const { body } = await by.sends('get', '/keys').query(query).expect(200);
    return (body as { keys: Key[] }).keys;
  };

  it('for every creator: the keys of another can be listed by their creator and revoked', async () => {
    const person = await aPerson(tocsin, chief, { role: 'org_admin' });
    const made = await mint(await person.signsIn());
    const child = await mint(holding(made), { role: 'feed', label: 'SIEM' });
    const [byUser] = await list(chief, { created_by: person.id });
    expect(byUser).toMatchObject({
      id: made.id,
      ends_with: null,
      created_by: { type: 'user', id: person.id, name: person.email },
    });
    const [byKey] = await list(chief, { created_by: made.id });
    expect(byKey).toMatchObject({ id: child.id, created_by: { type: 'key', id: made.id } });
    await chief.sends('delete', `/keys/${made.id}`).expect(204);
    expect(await rejection(child)).toBe('key_revoked');
    await chief.sends('get', '/keys?created_by=nobody').expect(400);
  });

  it('but not the administrator of another organisation, unless as an admin', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    const made = await mint(admin, { organisation: chief.slug });
    const adminId = admin.key.split('_')[1];
    const find = async (by: Actor) => (await list(by, {})).find(({ id }) => id === made.id);
    expect(await find(chief)).toMatchObject({
      ends_with: null,
      created_by: { type: 'key', id: null, name: null },
    });
    expect(await find(admin)).toMatchObject({ created_by: { type: 'key', id: adminId } });
    expect(await list(chief, { created_by: adminId })).toEqual([]);
    const byOperator = await keyOf(tocsin, chief.slug, 'feed');
    const operated = (await list(chief, {})).find(({ id }) => byOperator.includes(id));
    expect(operated?.created_by).toEqual({ type: 'operator', id: null, name: null });
  });
});
