/** The order in which the objects of a request come into the log. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referencedFirst, type Ordered } from '../../src/indicators/log-order.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, malware, newer, type PostedObject } from '../support/builders.ts';
import { growsLinearly } from '../support/fuzz.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const item = (stixId: string, ...references: string[]): Ordered => ({ stixId, references });
const orderOf = (...items: Ordered[]) => referencedFirst(items).map(({ stixId }) => stixId);

describe('objects that refer to each other', () => {
  it.each<[what: string, posted: Ordered[], order: string]>([
    ['none', [item('c'), item('a'), item('b')], 'c a b'],
    ['one to a later one', [item('c', 'b'), item('a'), item('b')], 'b c a'],
    ['a chain', [item('a', 'b'), item('b', 'c'), item('c', 'd'), item('d')], 'd c b a'],
    ['what is not there', [item('a', 'x'), item('b', 'y')], 'a b'],
    ['itself', [item('a', 'a'), item('b')], 'a b'],
    ['a circle', [item('a', 'b'), item('b', 'a'), item('c')], 'b a c'],
    [
      'several versions',
      [item('r', 'a'), item('a', 'b'), item('x'), item('a'), item('b')],
      'b a a r x',
    ],
    ['a circle with versions', [item('a', 'r'), item('r', 'a'), item('a')], 'r a a'],
    ['the same twice', [item('r', 'a', 'a'), item('a')], 'a r'],
  ])('%s', (_, posted, order) => {
    expect(orderOf(...posted).join(' ')).toBe(order);
  });

  it.each<[what: string, make: (count: number) => Ordered[]]>([
    ['a chain', (count) => Array.from({ length: count }, (_, i) => item(`${i}`, `${i + 1}`))],
    [
      'versions of one object that all others refer to',
      (count) => [
        ...Array.from({ length: count }, (_, i) => item(`${i}`, 'a')),
        ...Array.from({ length: count }, () => item('a')),
      ],
    ],
    [
      'a report on all others',
      (count) => {
        const ids = Array.from({ length: count }, (_, i) => `${i}`);
        return [item('report', ...ids), ...ids.map((id) => item(id, 'report'))];
      },
    ],
  ])('are ordered in linear time: %s', (_, make) => {
    growsLinearly(5000, (count) => {
      const items = make(count);
      return () => void referencedFirst(items);
    });
  });
});

describe('a posted bundle', () => {
  let tocsin: Tocsin;
  let alice: Actor;
  let bob: Actor;
  let carol: Actor;

  beforeAll(async () => {
    tocsin = await startTocsin();
    const communities = [slug()];
    alice = await anActor(tocsin, { communities });
    bob = await anActor(tocsin, { communities });
    carol = await anActor(tocsin, { communities });
  });
  afterAll(() => tocsin.close());

  const readBy = async (actor: Actor, posted: readonly PostedObject[]) => {
    const ids = new Set(posted.map(({ id }) => id));
    const { objects } = await actor.reads({ limit: 10_000 });
    return objects.filter(({ id }) => ids.has(id)).map(({ id, modified }) => [id, modified]);
  };
  const named = (objects: readonly PostedObject[]) =>
    objects.map(({ id, modified }) => [id, modified]);

  it('comes in the order in which it was posted', async () => {
    const objects = Array.from({ length: 40 }, () => indicator());
    await alice.shares(objects);
    expect(await readBy(bob, objects)).toEqual(named(objects));
  });

  it('brings objects before those that refer to them', async () => {
    const [source, target] = [indicator(), malware()];
    const relationship = {
      type: 'relationship',
      spec_version: '2.1',
      id: `relationship--${randomUUID()}`,
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      relationship_type: 'indicates',
      source_ref: source.id,
      target_ref: target.id,
    };
    const other = indicator();
    const next = newer(source);
    await alice.shares([relationship, other, source, next, target]);
    const order = [source, next, target, relationship, other];
    expect(await readBy(bob, order)).toEqual(named(order));
  });

  it('orders more objects than one statement stores', async () => {
    const objects = Array.from({ length: 2600 }, () => indicator());
    const [first, last] = [objects[0], objects.at(-1)];
    if (!first || !last) throw new Error('There are none');
    const report = {
      type: 'report',
      spec_version: '2.1',
      id: `report--${randomUUID()}`,
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      name: 'Beacons',
      published: '2026-01-01T00:00:00.000Z',
      object_refs: [last.id, first.id],
    };
    await alice.shares([report, ...objects]);
    const order = [last, first, report, ...objects.slice(1, -1)];
    expect(await readBy(bob, order)).toEqual(named(order));
  });

  it('brings stored objects that it gives to others before those that refer to them', async () => {
    const object = address();
    await alice.shares(object, { audience: bob.slug });
    const observed = {
      type: 'observed-data',
      spec_version: '2.1',
      id: `observed-data--${randomUUID()}`,
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      first_observed: '2026-01-01T00:00:00.000Z',
      last_observed: '2026-01-01T00:00:00.000Z',
      number_observed: 1,
      object_refs: [object.id],
    };
    await alice.shares([observed, object]);
    expect((await readBy(carol, [object, observed])).map(([id]) => id)).toEqual([
      object.id,
      observed.id,
    ]);
  });
});
