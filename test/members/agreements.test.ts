import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptInvitation } from '../../src/access/invitations.ts';
import { Actor, anActor, slug } from '../support/actors.ts';
import { aPerson, anEmail, NOWHERE, Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Agreement {
  id: number;
  organisation: string;
  approved_at: string | null;
  ended_at: string | null;
  valid_until: string | null;
  approvals: { key: string }[];
}

let tocsin: Tocsin;
let admin: Actor;
let second: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
  second = await admin.as('admin');
});
afterAll(() => tocsin.close());

async function aCommunity(more: object = {}): Promise<string> {
  const name = slug();
  await admin
    .sends('post', '/communities')
    .send({ slug: name, name, ...more })
    .expect(201);
  return name;
}

async function partner(kind = 'industry'): Promise<Actor> {
  const name = slug('partner');
  const wanted = { slug: name, name, kind, communities: [] };
  await admin.sends('post', '/organisations').send(wanted).expect(201);
  const key = await admin.sends('post', '/keys').send({ organisation: name, role: 'org_admin' });
  return new Actor(tocsin, { slug: name, identity: '', key: (key.body as { key: string }).key });
}

function wish(organisation: string, community: string, more: object = {}): object {
  return { organisation, community, title: 'MOU', kind: 'mou', ceiling: 'amber', ...more };
}

async function agree(organisation: string, community: string, more = {}): Promise<Agreement> {
  const body = wish(organisation, community, more);
  return (await admin.sends('post', '/agreements').send(body).expect(201)).body as Agreement;
}

/** An admin with a key that another admin's key made. */
async function madeBy(maker: Actor): Promise<Actor> {
  const { body } = await maker.sends('post', '/keys').send({ role: 'admin' }).expect(201);
  return new Actor(tocsin, { ...identified(maker), key: (body as { key: string }).key });
}

/** The holder of the key into which one rotates another's. */
async function rotatedBy(rotator: Actor, holder: Actor): Promise<Actor> {
  const { body } = await rotator
    .sends('post', `/keys/${holder.key.split('_')[1]}/rotate`)
    .send({ overlap_seconds: 60 })
    .expect(201);
  return new Actor(tocsin, { ...identified(holder), key: (body as { key: string }).key });
}

const identified = ({ slug: of, identity }: Actor) => ({ slug: of, identity });

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('agreements', () => {
  it('activate an organisation, until they are ended', async () => {
    const community = await aCommunity();
    const ally = await partner('allied_nation');
    await ally.sends('get', '/me').expect(403);
    const documents = [{ name: 'mou.pdf', sha256: 'ab'.repeat(32) }];
    const made = await agree(ally.slug, community, { reference: 'MOU/1', documents });
    expect(made).toMatchObject({ documents, reference: 'MOU/1', ended_at: null });
    const { body } = await ally.sends('get', '/me').expect(200);
    expect(body).toMatchObject({ tlp_ceiling: 'amber', audiences: [{ slug: community }] });
    const own = await ally.sends('get', '/agreements').expect(200);
    expect(own.body).toEqual({ agreements: [made] });
    await admin.sends('post', `/agreements/${made.id}/end`).expect(200);
    await ally.sends('get', '/me').expect(403);
    const again = await admin.sends('post', `/agreements/${made.id}/end`).expect(409);
    expect(again.body).toMatchObject({ code: 'agreement_ended' });
    await agree(ally.slug, community);
  });

  it('do not overlap, but may replace one another', async () => {
    const community = await aCommunity();
    const ally = await partner('allied_nation');
    const first = await agree(ally.slug, community, { valid_until: inHours(48) });
    const early = wish(ally.slug, community, { valid_from: inHours(47) });
    const { body } = await admin.sends('post', '/agreements').send(early).expect(409);
    expect(body).toMatchObject({ code: 'agreement_overlaps', agreement: first.id });
    const later = await agree(ally.slug, community, { valid_from: inHours(48.001) });
    const next = await agree(ally.slug, community, {
      ceiling: 'green',
      valid_until: inHours(24),
      replaces: first.id,
    });
    const me = await ally.sends('get', '/me').expect(200);
    expect(me.body).toMatchObject({ tlp_ceiling: 'green' });
    const all = await admin.sends('get', `/agreements?organisation=${ally.slug}`).expect(200);
    const { agreements } = all.body as { agreements: Agreement[] };
    expect(agreements.map(({ id }) => id)).toEqual([next.id, later.id, first.id]);
    expect(agreements.at(-1)?.ended_at).not.toBeNull();
  });

  it('end by themselves', async () => {
    const ally = await partner('allied_nation');
    const made = await agree(ally.slug, 'alliance', { valid_until: inHours(1) });
    await ally.sends('get', '/me').expect(200);
    await tocsin.sql(
      `update agreement set valid_from = now() - interval '2 h', valid_until = now() where id = $1`,
      [made.id],
    );
    await ally.sends('get', '/me').expect(403);
  });

  it.each([
    ['organisation_unknown', { organisation: 'nobody-at-all' }],
    ['community_unknown', { community: 'nowhere-at-all' }],
    [
      'invalid_request',
      { valid_from: '2030-01-01T00:00:00Z', valid_until: '2029-01-01T00:00:00Z' },
    ],
    ['invalid_request', { valid_until: '2020-01-01T00:00:00Z' }],
    ['invalid_request', { ceiling: 'white' }],
    ['invalid_request', { documents: [{ name: 'x', sha256: 'AB' }] }],
    ['invalid_request', { id: 7 }],
  ])('are refused as %s: %j', async (code, wrong) => {
    const body = { ...wish(admin.slug, 'alliance'), ...wrong };
    const refused = await admin.sends('post', '/agreements').send(body).expect(400);
    expect(refused.body).toMatchObject({ code });
  });

  it('are for admins', async () => {
    const chief = await anActor(tocsin);
    const body = wish(chief.slug, 'alliance');
    await chief.sends('post', '/agreements').send(body).expect(403);
    await chief.sends('post', '/agreements/1/end').expect(403);
    await chief.sends('post', '/agreements/1/approvals').expect(403);
    await (await chief.as('publisher')).sends('get', '/agreements').expect(403);
    await admin.sends('post', '/agreements/999999/end').expect(404);
    await admin.sends('post', '/agreements/x/approvals').expect(400);
    const others = await chief.sends('get', `/agreements?organisation=${admin.slug}`).expect(200);
    expect(others.body).toEqual({ agreements: [] });
  });
});

describe('agreements with partners', () => {
  it.each(['partner_nation', 'industry', 'academia', 'international_organisation'])(
    'of kind %s take effect when two administrators have approved',
    async (kind) => {
      const org = await partner(kind);
      const made = await agree(org.slug, 'alliance');
      expect(made.approved_at).toBeNull();
      const path = `/agreements/${made.id}/approvals`;
      await admin.sends('post', path).expect(200);
      await org.sends('get', '/me').expect(403);
      const twice = await admin.sends('post', path).expect(409);
      expect(twice.body).toMatchObject({ code: 'approval_not_needed' });
      const { body } = await second.sends('post', path).expect(200);
      expect((body as Agreement).approvals).toHaveLength(2);
      await org.sends('get', '/me').expect(200);
      await second.sends('post', path).expect(409);
    },
  );

  it('do not take a key and what it was rotated into for two', async () => {
    const org = await partner();
    const made = await agree(org.slug, 'alliance');
    const path = `/agreements/${made.id}/approvals`;
    const third = await admin.as('admin');
    await third.sends('post', path).expect(200);
    const heir = await rotatedBy(third, third);
    await heir.sends('post', path).expect(409);
    await org.sends('get', '/me').expect(403);
  });

  it('do not take a key and one that it made for two, nor two that a third made', async () => {
    const org = await partner();
    const path = `/agreements/${(await agree(org.slug, 'alliance')).id}/approvals`;
    const third = await admin.as('admin');
    const made = await madeBy(third);
    const other = await madeBy(third);
    await made.sends('post', path).expect(200);
    for (const by of [third, other, await madeBy(other)]) {
      const { body } = await by.sends('post', path).expect(409);
      expect(body).toMatchObject({ code: 'approval_not_needed' });
    }
    await org.sends('get', '/me').expect(403);
    await second.sends('post', path).expect(200);
    await org.sends('get', '/me').expect(200);
  });

  it("do not count a person who rotated another's key as a second person", async () => {
    const org = await partner();
    const path = `/agreements/${(await agree(org.slug, 'alliance')).id}/approvals`;
    const [third, fourth] = [await admin.as('admin'), await admin.as('admin')];
    const stolen = await rotatedBy(third, fourth);
    await stolen.sends('post', path).expect(200);
    await third.sends('post', path).expect(409);
    await fourth.sends('post', path).expect(409);
    const { body } = await second.sends('post', path).expect(200);
    expect((body as Agreement).approvals).toHaveLength(2);
  });

  it('do not take a user and who invited it, or a key and who made it, for two', async () => {
    const org = await partner();
    const path = `/agreements/${(await agree(org.slug, 'alliance')).id}/approvals`;
    const root = await aPerson(tocsin, admin, { role: 'admin' });
    const first = await root.signsIn();
    const wish = { email: anEmail(), name: 'Eve', role: 'admin' };
    const invited = await first.sends('post', '/users').send(wish).expect(201);
    const { id, invitation } = invited.body as { id: string; invitation: { token: string } };
    const password = 'a password that is long';
    await acceptInvitation(tocsin, { token: invitation.token, password }, NOWHERE);
    const puppet = new Person(tocsin, admin, { id, email: wish.email, password });
    await puppet.withSecondFactor();
    const minted = await first.sends('post', '/keys').send({ role: 'admin' }).expect(201);
    const byKey = root.with((minted.body as { key: string }).key);
    await first.sends('post', path).expect(200);
    for (const by of [first, await puppet.signsIn(), byKey]) {
      const { body } = await by.sends('post', path).expect(409);
      expect(body).toMatchObject({ code: 'approval_not_needed' });
    }
    await org.sends('get', '/me').expect(403);
    const other = await aPerson(tocsin, admin, { role: 'admin' });
    const { body } = await (await other.signsIn()).sends('post', path).expect(200);
    expect((body as Agreement).approvals).toMatchObject([{ user: root.id }, { user: other.id }]);
    await org.sends('get', '/me').expect(200);
  });

  it('replace another only when they take effect', async () => {
    const org = await partner();
    const made = await agree(org.slug, 'alliance', { ceiling: 'green' });
    for (const by of [admin, second]) {
      await by.sends('post', `/agreements/${made.id}/approvals`).expect(200);
    }
    const wider = await agree(org.slug, 'alliance', { ceiling: 'amber', replaces: made.id });
    const ceiling = async () => {
      const { body } = await org.sends('get', '/me').expect(200);
      return (body as { tlp_ceiling: string }).tlp_ceiling;
    };
    expect(await ceiling()).toBe('green');
    for (const by of [admin, second]) {
      await by.sends('post', `/agreements/${wider.id}/approvals`).expect(200);
    }
    expect(await ceiling()).toBe('amber');
  });

  it('wait too when they come with the organisation', async () => {
    const name = slug('partner');
    const body = { slug: name, name, kind: 'academia', communities: ['alliance'] };
    await admin.sends('post', '/organisations').send(body).expect(201);
    const { body: found } = await admin.sends('get', `/agreements?organisation=${name}`);
    expect(found).toMatchObject({ agreements: [{ approved_at: null }] });
  });
});

describe('communities', () => {
  it('within another make their members members of that', async () => {
    const outer = await aCommunity();
    const inner = await aCommunity({ within: [outer] });
    const middle = await aCommunity({ within: [outer], contains: [inner] });
    const ally = await anActor(tocsin, { communities: [inner] });
    const { body } = await ally.sends('get', '/communities').expect(200);
    const { communities } = body as { communities: { slug: string; within: string[] }[] };
    expect(communities.map((one) => one.slug)).toEqual([inner, middle, outer].toSorted());
    const stranger = await anActor(tocsin, { communities: [outer] });
    const { body: less } = await stranger.sends('get', '/communities').expect(200);
    expect(less).toMatchObject({ communities: [{ slug: outer, within: [] }] });
    const { body: all } = await admin.sends('get', '/communities').expect(200);
    expect(JSON.stringify(all)).toContain(inner);
  });

  it('are not within themselves', async () => {
    const outer = await aCommunity();
    const inner = await aCommunity({ within: [outer] });
    const post = (more: object) => {
      const name = slug();
      return admin.sends('post', '/communities').send({ slug: name, name, ...more });
    };
    for (const circle of [
      { within: [inner], contains: [outer] },
      { within: [outer], contains: [outer] },
    ]) {
      const { body } = await post(circle).expect(400);
      expect(body).toMatchObject({ code: 'community_circle' });
    }
    await post({ within: [slug()] }).expect(400);
    await admin.sends('post', '/communities').send({ slug: outer, name: 'x' }).expect(409);
    const chief = await anActor(tocsin);
    await chief.sends('post', '/communities').send({ slug: slug(), name: 'x' }).expect(403);
  });
});
