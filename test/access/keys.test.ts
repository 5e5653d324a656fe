import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../../src/access/administer.ts';
import { revokeKey } from '../../src/access/key-acts.ts';
import { Actor, anActor, keyOf, slug } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Key {
  id: string;
  key: string;
  role: string;
  organisation: string;
  expires_at: string | null;
  last_used_at: string | null;
}

let tocsin: Tocsin;
let admin: Actor;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
  chief = await anActor(tocsin, { role: 'org_admin' });
});
afterAll(() => tocsin.close());

async function mint(by: Actor, wish: object): Promise<Key> {
  const answer = await by.sends('post', '/keys').send(wish).expect(201);
  return answer.body as Key;
}

function holding(key: string, who = chief): Actor {
  return new Actor(tocsin, { slug: who.slug, identity: who.identity, key });
}

function idOf(actor: Actor): string {
  return actor.key.split('_')[1] ?? '';
}

async function listed(by: Actor): Promise<Key[]> {
  const { body } = await by.sends('get', '/keys').expect(200);
  return (body as { keys: Key[] }).keys;
}

describe('POST /keys', () => {
  it('makes a key that is shown once and works', async () => {
    const made = await mint(chief, { role: 'analyst', label: 'SIEM' });
    expect(made).toMatchObject({ role: 'analyst', label: 'SIEM', organisation: chief.slug });
    const { body } = await holding(made.key).sends('get', '/me').expect(200);
    expect(body).toMatchObject({ key: { id: made.id, role: 'analyst' } });
    expect(JSON.stringify(await listed(chief))).not.toContain(made.key.slice(20, 60));
  });

  it('makes any key for any organisation when an admin asks', async () => {
    const made = await mint(admin, { organisation: chief.slug, role: 'feed' });
    expect(made.organisation).toBe(chief.slug);
    const missing = { organisation: slug(), role: 'feed' };
    await admin.sends('post', '/keys').send(missing).expect(404);
  });

  it('mints nothing stronger than who asks, and nothing for others', async () => {
    for (const wish of [{ role: 'admin' }, { role: 'feed', organisation: admin.slug }]) {
      const { body } = await chief.sends('post', '/keys').send(wish).expect(403);
      expect(body).toMatchObject({ code: 'role_not_allowed' });
    }
    for (const role of ['publisher', 'analyst', 'feed'] as const) {
      const weak = await chief.as(role);
      await weak.sends('post', '/keys').send({ role: 'feed' }).expect(403);
      await weak.sends('get', '/keys').expect(403);
    }
  });

  it.each([
    { role: 'root' },
    {},
    { role: 'feed', networks: ['192.0.2.0'] },
    { role: 'feed', networks: ['192.0.2.0/33'] },
    { role: 'feed', networks: ['fe80::%1/64'] },
    { role: 'feed', expires_at: 'tomorrow' },
    { role: 'feed', expires_at: '2020-01-01T00:00:00Z' },
    { role: 'feed', label: 'a\u202eb' },
    { role: 'feed', secret: 'x' },
  ])('refuses %j', async (wish) => {
    const { body } = await chief.sends('post', '/keys').send(wish).expect(400);
    expect(body).toMatchObject({ code: 'invalid_request' });
  });
});

describe('what is stronger than who asks', () => {
  it('is not there to see, revoke or rotate', async () => {
    const strong = await keyOf(tocsin, chief.slug, 'admin');
    const id = strong.split('_')[1] ?? '';
    expect((await listed(chief)).map((key) => key.id)).not.toContain(id);
    expect((await listed(admin)).map((key) => key.id)).toContain(id);
    const missing = await chief.sends('delete', '/keys/000000000000').expect(404);
    const refused = await chief.sends('delete', `/keys/${id}`).expect(404);
    await chief.sends('post', `/keys/${id}/rotate`).send({}).expect(404);
    const { instance: _, ...same } = missing.body as Record<string, unknown>;
    expect(refused.body).toMatchObject(same);
    await holding(strong).sends('get', '/me').expect(200);
  });

  it('nor is what belongs to another organisation', async () => {
    const other = await anActor(tocsin);
    await chief.sends('delete', `/keys/${idOf(other)}`).expect(404);
    await chief
      .sends('post', `/keys/${idOf(other)}/rotate`)
      .send({})
      .expect(404);
    const { body } = await chief.sends('get', `/keys?organisation=${other.slug}`).expect(200);
    expect(body).toEqual({ keys: [], next: null });
  });
});

describe('DELETE /keys/{id}', () => {
  it('ends a key at once, and again without harm', async () => {
    const made = await mint(chief, { role: 'analyst' });
    await chief.sends('delete', `/keys/${made.id}`).expect(204);
    const { body } = await holding(made.key).sends('get', '/me').expect(401);
    expect(body).toMatchObject({ code: 'key_revoked' });
    await chief.sends('delete', `/keys/${made.id}`).expect(204);
    await chief.sends('delete', '/keys/nonsense').expect(400);
  });

  it('is written down', async () => {
    const made = await mint(chief, { role: 'analyst' });
    await chief.sends('delete', `/keys/${made.id}`).expect(204);
    const rows = await tocsin.sql(
      `select action, actor from audit where detail->>'key' = $1 order by id`,
      [made.id],
    );
    const actor = `key ${idOf(chief)}`;
    expect(rows).toEqual([
      { action: 'key.create', actor },
      { action: 'key.revoke', actor },
    ]);
  });
});

describe('POST /keys/{id}/rotate', () => {
  it('gives the same rights, and lets the old key live for a while', async () => {
    const old = await mint(chief, { role: 'analyst', label: 'SIEM', networks: ['127.0.0.0/8'] });
    const path = `/keys/${old.id}/rotate`;
    const { body } = await chief.sends('post', path).send({ overlap_seconds: 3600 }).expect(201);
    const next = body as Key;
    expect(next).toMatchObject({ role: 'analyst', label: 'SIEM', networks: ['127.0.0.0/8'] });
    await holding(old.key).sends('get', '/me').expect(200);
    await holding(next.key).sends('get', '/me').expect(200);
    tocsin.clock.advance(3_601_000);
    const ended = await holding(old.key).sends('get', '/me').expect(401);
    expect(ended.body).toMatchObject({ code: 'key_expired' });
    await holding(next.key).sends('get', '/me').expect(200);
    const again = await chief.sends('post', path).send({}).expect(409);
    expect(again.body).toMatchObject({ code: 'key_ended' });
  });

  it('ends a key that has leaked at once, and never lengthens a life', async () => {
    const soon = new Date(tocsin.clock.now().getTime() + 60_000).toISOString();
    const old = await mint(chief, { role: 'analyst', expires_at: soon });
    const path = `/keys/${old.id}/rotate`;
    const { body } = await chief.sends('post', path).send({ overlap_seconds: 0 }).expect(201);
    expect((body as Key).expires_at).toBe(soon);
    await holding(old.key).sends('get', '/me').expect(401);
    await chief.sends('post', path).send({ overlap_seconds: -1 }).expect(400);
  });
});

describe('networks of a key', () => {
  it('are where it may be used from, whatever headers say', async () => {
    const made = await mint(chief, {
      role: 'analyst',
      networks: ['192.0.2.0/24', '2001:db8::/32'],
    });
    const { body } = await holding(made.key)
      .sends('get', '/me')
      .set('x-forwarded-for', '192.0.2.7')
      .set('forwarded', 'for=192.0.2.7')
      .expect(403);
    expect(body).toMatchObject({ code: 'network_not_allowed' });
    const near = await mint(chief, { role: 'analyst', networks: ['127.0.0.0/8', '::1/128'] });
    await holding(near.key).sends('get', '/me').expect(200);
  });
});

describe('last use', () => {
  it('is kept to the minute', async () => {
    const made = await mint(chief, { role: 'analyst' });
    const used = async () => (await listed(chief)).find((key) => key.id === made.id)?.last_used_at;
    expect(await used()).toBeNull();
    await Promise.all(Array.from({ length: 5 }, () => holding(made.key).sends('get', '/me')));
    await expect.poll(used).not.toBeNull();
    const first = await used();
    await holding(made.key).sends('get', '/me').expect(200);
    expect(await used()).toBe(first);
    tocsin.clock.advance(61_000);
    await holding(made.key).sends('get', '/me').expect(200);
    await expect.poll(used).not.toBe(first);
  });
});

describe('the last admin', () => {
  it('cannot go, by any door, however many try at once', async () => {
    const ids = (await listed(admin)).filter((key) => key.role === 'admin').map((key) => key.id);
    expect(ids.length).toBeGreaterThan(2);
    const by = operator('test');
    const tries = await Promise.allSettled(
      ids.map((id) => revokeKey(tocsin.db, by, id, tocsin.clock.now())),
    );
    const refused = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject([{ code: 'last_admin' }]);
    const rows = await tocsin.sql(
      `select id from api_key where role = 'admin' and revoked_at is null`,
    );
    expect(rows.length).toBe(1);
  });
});
