/** Containers that would hand out what they hold to more readers than may read them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomes, type Actor } from '../support/actors.ts';
import { TLP } from '../support/builders.ts';
import { markedReaders, posts20 } from '../support/marked-readers.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  ({ alice, bob, carol } = await markedReaders(tocsin));
});
afterAll(() => tocsin.close());

const DAY = '2026-01-01T00:00:00.000Z';
let addresses = 0;

/** A STIX 2.0 observed-data with one address of its own. */
function observed(more: object = {}) {
  const value = `203.0.113.${++addresses}`;
  const object = {
    type: 'observed-data',
    id: `observed-data--${randomUUID()}`,
    created: DAY,
    modified: DAY,
    first_observed: DAY,
    last_observed: DAY,
    number_observed: 1,
    objects: { 0: { type: 'ipv4-addr', value } },
    ...more,
  };
  return { value, object };
}

const posts = (objects: readonly object[], query?: object) => posts20(alice, objects, query);

/** Whether anything that an actor reads holds the text. */
async function reads(actor: Actor, text: string): Promise<boolean> {
  return JSON.stringify(await actor.reads({ limit: 10_000 })).includes(text);
}

describe('what was taken out of a STIX 2.0 observed-data', () => {
  it('is read where the container is (the control)', async () => {
    const { object, value } = observed({ object_marking_refs: [TLP.green] });
    expect(outcomes(await posts([object]))).toEqual(['created', 'created']);
    expect(await reads(bob, value)).toBe(true);
    expect(await reads(carol, value)).toBe(true);
  });

  it.each([
    ['is marked RED', { object_marking_refs: [TLP.red] }],
    ['has a label that says RED', { labels: ['tlp:red'] }],
    [
      'has a value marked RED',
      { granular_markings: [{ marking_ref: TLP.red, selectors: ['objects.0.value'] }] },
    ],
    [
      'has an observable marked RED',
      { granular_markings: [{ marking_ref: TLP.red, selectors: ['objects.0'] }] },
    ],
    [
      'has a marking that leads nowhere',
      { granular_markings: [{ marking_ref: TLP.green, selectors: ['objects.7'] }] },
    ],
    ['is not valid', { number_observed: 0 }],
    ['is of a member that does not share it', undefined],
  ])('is rejected with one that %s', async (_, given) => {
    const { object, value } = observed(given ?? { created_by_ref: bob.identity });
    const [container, part] = outcomes(await posts([object]));
    expect(['created', 'updated', 'unchanged']).not.toContain(container);
    // One marked RED itself may get the same answer as the container.
    expect([container, 'container_rejected']).toContain(part);
    expect(await reads(bob, value)).toBe(false);
    expect(await reads(alice, value)).toBe(false);
  });

  it.each([
    ['the object', { object_marking_refs: [TLP.strict] }],
    [
      'a value',
      { granular_markings: [{ marking_ref: TLP.strict, selectors: ['objects.0.value'] }] },
    ],
  ])('is read by nobody who may not read a container with a marking of %s', async (_, given) => {
    const { object, value } = observed(given);
    expect(outcomes(await posts([object]))).toEqual(['created', 'created']);
    expect(await reads(bob, value)).toBe(true);
    expect(await reads(carol, value)).toBe(false);
  });

  it('is as strict as the strictest container of the request', async () => {
    const { object, value } = observed({ object_marking_refs: [TLP.strict] });
    const wider = observed({ object_marking_refs: [TLP.green], objects: object.objects });
    for (const both of [
      [object, wider.object],
      [wider.object, object],
    ]) {
      expect(outcomes(await posts(both))).not.toContain('container_rejected');
      expect(await reads(carol, value)).toBe(false);
    }
  });

  it('goes with a container that is older than what is stored, or ended', async () => {
    const { object } = observed({ object_marking_refs: [TLP.strict] });
    await posts([object]);
    const later = { ...object, modified: '2026-01-02T00:00:00.000Z', revoked: true };
    await posts([later]);
    const other = observed();
    const older = {
      ...object,
      modified: '2025-01-01T00:00:00.000Z',
      created: '2025-01-01T00:00:00.000Z',
    };
    const stale = { ...older, objects: other.object.objects };
    expect(outcomes(await posts([stale]))).toEqual(['stale', 'stale']);
    const newest = {
      ...later,
      modified: '2026-01-03T00:00:00.000Z',
      objects: other.object.objects,
    };
    expect(outcomes(await posts([newest]))).toEqual(['revoked_is_final', 'container_rejected']);
    expect(await reads(bob, other.value)).toBe(false);
    // The same observable in a container that is taken is not held back by those that are not.
    const good = observed({ objects: other.object.objects });
    expect(outcomes(await posts([newest, good.object]))).toEqual([
      'revoked_is_final',
      'container_rejected',
      'created',
      'created',
    ]);
    expect(await reads(bob, other.value)).toBe(true);
  });
});
