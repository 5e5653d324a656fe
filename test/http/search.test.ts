import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, malware, marked, newer, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let outsider: Actor;
const community = slug();
/** In every label of this file, so that other tests do not matter. */
const mark = slug('mark');

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin, { communities: [community] });
  bob = await anActor(tocsin, { communities: [community], ceiling: 'green' });
  outsider = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Page {
  readonly objects: PostedObject[];
  readonly context: { tlp: string; sharers: string[] }[];
  readonly duplicates?: string[][];
  readonly next: string | null;
}

async function searches(actor: Actor, query: object, path = '/indicators'): Promise<Page> {
  const { status, body } = await actor.sends('get', path).query({ as_posted: true, ...query });
  expect([status, body]).toEqual([200, expect.anything()]);
  return body as Page;
}

async function ids(actor: Actor, query: object, path = '/indicators'): Promise<string[]> {
  return (await searches(actor, query, path)).objects.map(({ id }) => id);
}

function relationship(source: PostedObject, target: PostedObject): PostedObject {
  return {
    type: 'relationship',
    spec_version: '2.1',
    id: `relationship--${randomUUID()}`,
    created: '2026-01-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    relationship_type: 'indicates',
    source_ref: source.id,
    target_ref: target.id,
  };
}

describe('a filter', () => {
  const label = `${mark}-filter`;
  const worm = malware({ name: `Worm ${label}`, labels: [label] });
  const first = indicator({
    labels: [label, `${label}-c2`],
    confidence: 80,
    name: 'Cobalt Strike 100% beacon_x',
    indicator_types: ['anonymization'],
    kill_chain_phases: [{ kill_chain_name: `${mark}-chain`, phase_name: 'delivery' }],
    external_references: [{ source_name: 'mitre-attack', external_id: 'T1566.001' }],
    valid_until: '2999-01-01T00:00:00Z',
    modified: '2026-03-01T00:00:00.000Z',
    pattern:
      "[url:value = 'http://evil.example/a' OR ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'www.evil.example' OR domain-name:value != 'not.example']",
  });
  const second = indicator({
    labels: [label],
    confidence: 20,
    name: 'Grüsse',
    description: `a regular expression ${label} .*[a-z]+`,
    pattern: 'rule a { condition: true }',
    pattern_type: 'yara',
    valid_until: '2026-02-01T00:00:00Z',
  });
  const third = indicator({
    labels: [label, 'attack.t1059'],
    revoked: true,
    modified: '2026-02-01T00:00:00.000Z',
  });

  beforeAll(async () => {
    await alice.shares([worm, first, relationship(first, worm)], { audience: community });
    await alice.shares({ ...second, created_by_ref: alice.identity });
    await alice.shares(third);
  });

  it.each<[string, object, number[]]>([
    ['label', {}, [3, 2, 1]],
    ['order', { order: 'oldest' }, [1, 2, 3]],
    ['pattern type', { pattern_type: 'yara' }, [2]],
    ['pattern type stix', { pattern_type: 'stix' }, [3, 1]],
    ['indicator type', { indicator_type: 'anonymization' }, [1]],
    ['phase', { kill_chain_phase: 'delivery' }, [1]],
    ['chain and phase', { kill_chain_phase: `${mark}-chain/delivery` }, [1]],
    ['technique', { technique: 'T1566.001' }, [1]],
    ['technique above', { technique: 'T1566' }, [1]],
    ['technique of a label', { technique: 'T1059' }, [3]],
    ['techniques', { technique: ['T1059', 'T1566'] }, [3, 1]],
    ['confidence', { confidence_min: 21 }, [1]],
    ['confidence from above', { confidence_max: 20 }, [2]],
    ['active', { state: 'active' }, [1]],
    ['expired', { state: 'expired' }, [2]],
    ['revoked', { state: 'revoked' }, [3]],
    ['states', { state: ['expired', 'revoked'] }, [3, 2]],
    ['modified since', { modified_since: '2026-02-15' }, [1]],
    ['modified until', { modified_until: '2026-01-15T00:00:00Z' }, [2]],
    ['posted since', { posted_since: '2020-01-01' }, [3, 2, 1]],
    ['posted until', { posted_until: '2020-01-01' }, []],
    ['valid since', { valid_since: '2026-06-01T00:00:00Z' }, [3, 1]],
    ['valid until', { valid_until: '2026-06-01T00:00:00Z' }, [2]],
    ['related', { related_to: worm.id }, [1]],
    ['value', { value: 'hxxp://evil[.]example/a' }, [1]],
    ['value of none', { value: '192.0.2.250' }, []],
    ['value that a pattern excludes', { value: 'not.example' }, []],
    ['network', { in_network: '203.0.113.0/25' }, [1]],
    ['network beside it', { in_network: '203.0.113.128/25' }, []],
    ['networks', { in_network: ['203.0.113.128/25', '203.0.0.0/16'] }, [1]],
    ['domain above', { under_domain: 'example' }, [1]],
    ['domain itself', { under_domain: 'www.evil.example' }, [1]],
    ['domain that only ends alike', { under_domain: 'il.example' }, []],
    ['observable type', { observable_type: 'ipv4-addr' }, [3, 1]],
    [
      'all fields of observables',
      { q: 'in:203.0.113.0/24 under:evil.example value:203.0.113.9' },
      [1],
    ],
    ['a value and a text', { q: 'value:203.0.113.9 regular' }, []],
    ['TLP', { tlp: 'amber' }, [3, 2, 1]],
    ['TLP of none', { tlp: 'green' }, []],
    ['audience', { audience: community }, [3, 2, 1]],
    ['text', { q: `label:${label} cobalt` }, [1]],
    ['text with a percent sign', { q: '"100% b"' }, [1]],
    ['a percent sign is no wildcard', { q: '"c%t"' }, []],
    ['an underscore is none', { q: '"beacon_x"' }, [1]],
    ['an underscore for a letter', { q: '"be_con"' }, []],
    ['a regular expression is taken literally', { q: '".*[a-z]+"' }, [2]],
    ['text in any case', { q: 'FÜSSE' }, []],
    ['text in upper case', { q: 'GRÜSSE' }, [2]],
    ['texts, all of them', { q: 'cobalt beacon_x' }, [1]],
    ['texts that are not in one object', { q: 'cobalt regular' }, []],
    ['a text and a state', { q: 'cobalt state:expired' }, []],
    ['text of a pattern', { q: '"rule a"' }, [2]],
  ])('finds by %s', async (_, query, expected) => {
    const all = [first.id, second.id, third.id];
    expect(await ids(alice, { ...query, label })).toEqual(
      expected.map((number) => all[number - 1]),
    );
  });

  it('finds by the producer, by slug and by identity', async () => {
    expect(await ids(alice, { label, producer: alice.slug })).toEqual([second.id]);
    expect(await ids(alice, { label, producer: alice.identity })).toEqual([second.id]);
    expect(await ids(alice, { label, producer: [bob.slug, 'nobody-at-all'] })).toEqual([]);
  });

  it('finds objects of any type', async () => {
    expect(await ids(alice, { label, type: 'malware' }, '/objects')).toEqual([worm.id]);
    expect(await ids(alice, { label }, '/objects')).toHaveLength(4);
    expect(await ids(alice, { related_to: first.id }, '/objects')).toEqual([worm.id]);
  });

  it('finds for each viewer what it sees', async () => {
    expect(await ids(outsider, { label })).toEqual([]);
    expect(await ids(bob, { label })).toEqual([]);
    expect(await ids(bob, { q: 'cobalt' })).toEqual([]);
  });

  it('finds what was posted a moment ago, without waiting', async () => {
    const now = `${mark}-now`;
    const object = indicator({ labels: [now] });
    const { status } = await alice.posts(object);
    expect([status, await ids(alice, { label: now })]).toEqual([200, [object.id]]);
    const next = newer(object, 1, { labels: [`${now}-2`] });
    await alice.posts(next);
    expect(await ids(alice, { label: now })).toEqual([]);
    expect(await ids(alice, { label: `${now}-2` })).toEqual([object.id]);
  });
});

describe('an object of several sharers', () => {
  it('is found once, as the newest version that the viewer sees', async () => {
    const label = `${mark}-shared`;
    const object = marked('green', indicator({ labels: [label] }));
    await alice.shares(object);
    await bob.shares(object);
    const { objects, context } = await searches(alice, { label });
    expect(objects).toEqual([object]);
    expect(context[0]?.sharers.toSorted()).toEqual([alice.slug, bob.slug].toSorted());
    await bob.shares(newer(object, 1, { labels: [`${label}-2`] }));
    expect(await ids(alice, { label })).toEqual([]);
    expect(await ids(alice, { label: `${label}-2` })).toEqual([object.id]);
  });

  it('is collapsed with those that say the same', async () => {
    const label = `${mark}-same`;
    const pattern = "[domain-name:value = 'same.example.com']";
    const objects = [1, 2].map(() => indicator({ labels: [label], pattern }));
    const other = indicator({ labels: [label] });
    const foreign = marked('green', indicator({ labels: [label], pattern }));
    await alice.shares([...objects, other]);
    await bob.shares(foreign);
    expect(await ids(alice, { label })).toHaveLength(4);
    const page = await searches(alice, { label, duplicates: 'collapse' });
    expect(page.objects.map(({ id }) => id)).toEqual([foreign.id, other.id]);
    expect(page.duplicates).toEqual([
      [...objects, foreign].map(({ id }) => id).toSorted(),
      [other.id],
    ]);
    expect(await ids(bob, { label, duplicates: 'collapse' })).toEqual([foreign.id]);
  });
});

describe('pages', () => {
  const label = `${mark}-pages`;
  const objects = Array.from({ length: 7 }, () => indicator({ labels: [label] }));
  beforeAll(() => alice.shares(objects));

  async function* walk(query: object): AsyncGenerator<string[]> {
    for (let after: string | null = ''; after !== null;) {
      const page: Page = await searches(alice, { ...query, ...(after === '' ? {} : { after }) });
      yield page.objects.map(({ id }) => id);
      after = page.next;
    }
  }

  it.each(['newest', 'oldest'])('hold every object once, %s first', async (order) => {
    const found: string[][] = [];
    for await (const page of walk({ label, limit: 3, order })) found.push(page);
    expect(found.map(({ length }) => length)).toEqual([3, 3, 1]);
    const all = await ids(alice, { label, order });
    expect(found.flat()).toEqual(all);
    expect(all.toSorted()).toEqual(objects.map(({ id }) => id).toSorted());
  });

  it('neither repeat nor skip an object that was there, while others are posted', async () => {
    const found: string[] = [];
    for await (const page of walk({ label, limit: 2 })) {
      found.push(...page);
      await alice.shares(indicator({ labels: [label] }));
    }
    expect(found).toHaveLength(new Set(found).size);
    expect(found.filter((id) => objects.some((object) => object.id === id))).toHaveLength(7);
  });
});
