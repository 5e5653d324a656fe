import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, newer, TLP } from '../support/builders.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Share {
  id: string;
  modified: string;
  revoked: boolean;
  tlp: string;
  through_keys: boolean;
  audience: { kind: string; slug: string; members_told: boolean }[];
}

interface Page {
  shares: Share[];
  next: string | null;
}

let tocsin: Tocsin;
let community: string;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

/** Members of a community of their own, so that each test begins with nothing shared. */
async function newcomers(): Promise<void> {
  community = slug();
  [alice, bob] = (await Promise.all(
    [1, 2].map(() => anActor(tocsin, { communities: [community] })),
  )) as [Actor, Actor];
  carol = await anActor(tocsin, { communities: [community], ceiling: 'green' });
}

async function list(who: Actor, query: object = {}): Promise<Page> {
  const { body } = await who.sends('get', '/shares').query(query).expect(200);
  return body as Page;
}

async function sharesOf(who: Actor, id: string) {
  const { body } = await who.sends('get', `/shares/${id}`).expect(200);
  expect(body.id).toBe(id);
  return body.shares;
}

const revokes = (who: Actor, ids: unknown) => who.sends('post', '/shares/revoke').send({ ids });
const organisations = (rows: { organisation: string }[]) =>
  rows.map(({ organisation }) => organisation).toSorted();

describe('GET /shares', () => {
  beforeAll(newcomers);

  it('lists the current version of each object, and with whom it is shared, and nothing of others', async () => {
    const [wide, narrow, foreign] = [indicator(), indicator(), indicator()];
    await alice.shares([wide, address()]);
    await alice.shares(narrow, { audience: bob.slug });
    await bob.shares(foreign);
    const later = newer(wide, 1, { object_marking_refs: [TLP.green] });
    await alice.shares(later);
    const { shares, next } = await list(alice);
    expect(next).toBeNull();
    expect(shares.map(({ id }) => id)).toEqual(shares.map(({ id }) => id).toSorted());
    expect(shares).toHaveLength(3);
    expect(shares.find(({ id }) => id === wide.id)).toMatchObject({
      type: 'indicator',
      modified: later['modified'],
      tlp: 'green',
      revoked: false,
      through_keys: true,
      audience: [{ kind: 'community', slug: community, members_told: true }],
    });
    const named = shares.find(({ id }) => id === narrow.id)?.audience;
    expect(named?.map((part) => part.slug)).toEqual([alice.slug, bob.slug].toSorted());
    expect((await list(carol)).shares).toEqual([]);
  });

  it('gives all of them in pages, each once', async () => {
    const ids = (await list(alice)).shares.map(({ id }) => id);
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Page = await list(alice, { limit: 2, ...(after === null ? {} : { after }) });
      expect(page.shares.length).toBeLessThanOrEqual(2);
      found.push(...page.shares.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(found).toEqual(ids);
  });

  it('shows TLP:RED to users with clearance alone', async () => {
    const red = marked('red');
    await alice.shares(red, { audience: bob.slug });
    const sees = async (who: Actor) => (await list(who)).shares.some(({ id }) => id === red.id);
    const cleared = await (
      await aPerson(tocsin, alice, { role: 'publisher', redClearance: true })
    ).signsIn();
    const uncleared = await (
      await aPerson(tocsin, alice, { role: 'publisher', redClearance: false })
    ).signsIn();
    expect([await sees(cleared), await sees(uncleared), await sees(alice)]).toEqual([
      true,
      false,
      false,
    ]);
    await alice.sends('get', `/shares/${red.id}`).expect(404);
  });

  it('refuses limits and members that it does not know', async () => {
    for (const query of [{ limit: 0 }, { limit: 1001 }, { mine: true }]) {
      const { body } = await alice.sends('get', '/shares').query(query).expect(400);
      expect(body).toMatchObject({ code: 'invalid_request' });
    }
  });
});

describe('GET /shares/{id}', () => {
  beforeAll(newcomers);

  it('says who sees the object, and why the others do not', async () => {
    const object = indicator();
    await alice.shares(object);
    const [share] = await sharesOf(alice, object.id);
    expect(organisations(share.sees)).toEqual([alice.slug, bob.slug].toSorted());
    expect(share.does_not_see).toContainEqual({
      organisation: carol.slug,
      reason: 'ceiling_too_low',
    });
    expect(share.not_told).toEqual([]);
    await bob.finds(object.id).expect(200);
    await carol.finds(object.id).expect(404);
  });

  it('does not reveal the members of a group that hides them', async () => {
    const members = [alice.slug, carol.slug];
    const group = await createGroup(bob, { hidden_members: true, members });
    await accepts(alice, group);
    await accepts(carol, group);
    const object = indicator({ object_marking_refs: [TLP.green] });
    await alice.shares(object, { audience: group });
    const [share] = await sharesOf(alice, object.id);
    expect(organisations(share.sees)).toEqual([alice.slug]);
    expect(share.not_told).toEqual(expect.arrayContaining([bob.slug, carol.slug]));
    const { audience } = (await list(alice)).shares.find(({ id }) => id === object.id) ?? {};
    expect(audience).toEqual([{ kind: 'group', slug: group, members_told: false }]);
  });

  it('has an entry for each audience that was given a level of its own', async () => {
    const sco = address();
    const marked = (tlp: string) => ({ ...sco, object_marking_refs: [tlp] });
    await alice.shares(marked(TLP.green));
    await alice.shares(marked(TLP.amber), { audience: bob.slug });
    const shares = await sharesOf(alice, sco.id);
    expect(shares.map(({ tlp }: Share) => tlp).toSorted()).toEqual(['amber', 'green']);
    const listed = (await list(alice)).shares.filter(({ id }) => id === sco.id);
    expect(listed).toHaveLength(2);
    // A page never ends between them.
    const first = await list(alice, { limit: 1, after: sco.id.slice(0, -1) });
    expect(first.shares.map(({ id }) => id)).toEqual([sco.id, sco.id]);
  });

  it('is the same 404 for an object of others as for none', async () => {
    const object = indicator();
    await bob.shares(object);
    const answers = await Promise.all(
      [object.id, indicator().id].map((id) => alice.sends('get', `/shares/${id}`).expect(404)),
    );
    const [foreign, unknown] = answers.map(({ body }) => ({ ...body, instance: '' }));
    expect(foreign).toEqual(unknown);
  });
});

describe('POST /shares/revoke', () => {
  beforeAll(newcomers);

  it('revokes each object by itself, and says of each what became of it', async () => {
    const objects = [indicator(), indicator(), indicator()];
    await alice.shares(objects);
    const foreign = indicator();
    await bob.shares(foreign);
    const { next } = await bob.reads({ limit: 10_000 });
    const [first = '', second = '', third = ''] = objects.map(({ id }) => id);
    const sco = address();
    await alice.shares(sco);
    const { body } = await revokes(alice, [first, foreign.id, second, first, sco.id]).expect(200);
    expect(body.summary).toEqual({ revoked: 2, unchanged: 1, rejected: 2 });
    expect(body.results).toMatchObject([
      { index: 0, id: first, outcome: 'revoked' },
      { index: 1, id: foreign.id, outcome: 'rejected', code: 'not_found' },
      { index: 2, id: second, outcome: 'revoked' },
      { index: 3, id: first, outcome: 'unchanged' },
      { index: 4, id: sco.id, outcome: 'rejected', code: 'revocation_impossible' },
    ]);
    const { objects: told } = await bob.reads({ after: next });
    const ended = told.filter(({ revoked }) => revoked === true).map(({ id }) => id);
    expect(ended.toSorted()).toEqual([first, second].toSorted());
    const { shares } = await list(alice);
    expect(shares.find(({ id }) => id === third)?.revoked).toBe(false);
    expect(shares.find(({ id }) => id === first)?.revoked).toBe(true);
    expect((await bob.finds(foreign.id)).body).not.toHaveProperty('revoked');
  });

  it('takes from 1 to 500 ids, and roles that may share', async () => {
    const ids = Array.from({ length: 501 }, () => indicator().id);
    for (const wrong of [[], ids, undefined, 'x', [5]]) {
      expect((await revokes(alice, wrong)).body).toMatchObject({ code: 'invalid_request' });
    }
    await revokes(await alice.as('analyst'), ids.slice(0, 1)).expect(403);
  });

  it('says what was done where the rights end on the way', async () => {
    const objects = Array.from({ length: 60 }, () => indicator());
    await alice.shares(objects);
    const ids = objects.map(({ id }) => id);
    const [id] = /(?<=tocsin_)[A-Za-z0-9]+/.exec(alice.key) ?? [];
    const ending = tocsin.sql(
      `do $$ begin
         while not exists (select from version where revoked and stix_id = any('{${ids.join(',')}}'))
         loop perform pg_sleep(0.001); end loop;
         update api_key set revoked_at = now() where id = '${id}';
       end $$`,
    );
    const { status, body } = await revokes(alice, ids);
    await ending;
    expect([status, body.code]).toEqual([401, 'key_revoked']);
    expect(body.results.length).toBe(body.summary.revoked);
    expect(body.results.length).toBeGreaterThan(0);
    const [row] = await tocsin.sql(
      `select count(*)::int as revoked from version where revoked and stix_id = any($1)`,
      [ids],
    );
    expect(row).toEqual({ revoked: body.results.length });
  });
});
