/** Objects that are posted before the definition of their marking. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, indicator, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
/** A member whose ceiling is AMBER. */
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities, ceiling: 'amber' });
});
afterAll(() => tocsin.close());

const definition = (tlp: string): PostedObject => ({
  type: 'marking-definition',
  spec_version: '2.1',
  id: `marking-definition--${randomUUID()}`,
  created: '2026-01-01T00:00:00.000Z',
  definition_type: 'statement',
  definition: { statement: `TLP:${tlp}` },
});

const levelFor = async (actor: Actor, { id }: PostedObject): Promise<unknown> => {
  const { status, headers } = await actor.finds(id);
  if (status !== 200) return status;
  return (JSON.parse(String(headers['tocsin-context'])) as { tlp: string }).tlp;
};

describe.each([
  ['an indicator', indicator],
  ['an observable', address],
])('%s whose marking is defined after it', (_, make) => {
  it('takes the level when it is posted again, and leaves who may not see it', async () => {
    const marking = definition('AMBER+STRICT');
    const object = make({ object_marking_refs: [marking.id] });
    await alice.shares(object);
    expect(await levelFor(carol, object)).toBe('amber');
    await alice.shares(marking);
    expect(outcomes(await alice.posts([object, object]))).toEqual(['updated', 'unchanged']);
    await tocsin.sequenced();
    expect(await levelFor(bob, object)).toBe('amber+strict');
    const { objects, context } = await bob.reads({ limit: 10_000 });
    const last = objects.findLastIndex(({ id }) => id === object.id);
    expect(context[last]?.tlp).toBe('amber+strict');
    expect(await levelFor(carol, object)).toBe(404);
    expect((await carol.reads({ limit: 10_000 })).withdrawn).toContain(object.id);
    expect(outcomes(await alice.posts(object))).toEqual(['unchanged']);
  });

  it('is raised to RED only where the request names all who have it', async () => {
    const marking = definition('RED');
    const object = make({ object_marking_refs: [marking.id] });
    const both = { audience: [bob.slug, carol.slug] };
    await alice.shares(object, both);
    await alice.shares(marking, both);
    const one = await alice.posts(object, { audience: bob.slug });
    expect(outcomes(one)).toEqual(['unchanged']);
    expect(JSON.stringify(one.body)).toContain('tlp_unchanged');
    expect(await levelFor(carol, object)).toBe('amber');
    expect(outcomes(await alice.posts(object, both))).toEqual(['updated']);
    await tocsin.sequenced();
    // No key is given what is RED.
    for (const actor of [bob, carol]) expect(await levelFor(actor, object)).toBe(404);
  });
});

describe('a marking definition that two tools of an organisation write', () => {
  const marking = definition('GREEN');
  const copies: [string, object][] = [
    ['the same', {}],
    ['with a name', { name: 'Ours' }],
    ['with the type in capitals', { definition_type: 'Statement' }],
    ['with an earlier time of creation', { created: '2025-01-01T00:00:00.000Z' }],
    ['with a later time of creation', { created: '2026-02-01T00:00:00.000Z' }],
    ['with a property of its own', { x_tool: 'one' }],
  ];

  it.each(copies)('is unchanged: %s', async (_, more) => {
    await alice.shares(marking);
    expect(outcomes(await alice.posts({ ...marking, ...more }))).toEqual(['unchanged']);
  });

  const others: [string, object][] = [
    ['a stricter level', { definition: { statement: 'TLP:AMBER' } }],
    ['a level in the name', { name: 'TLP:AMBER' }],
    ['another statement', { definition: { statement: 'TLP:GREEN, Copyright 2026' } }],
    [
      'another creation time',
      { created: '2026-02-01T00:00:00.000Z', definition: { statement: 'x' } },
    ],
  ];

  it.each(others)('is rejected with %s, and says what to do', async (_, more) => {
    await alice.shares(marking);
    const { body } = await alice.posts({ ...marking, ...more });
    expect(body.results[0]).toMatchObject({
      outcome: 'rejected',
      code: 'marking_redefined',
      detail: expect.stringContaining('Use another id'),
    });
  });
});
