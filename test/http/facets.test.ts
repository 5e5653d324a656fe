import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, malware, marked, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let outsider: Actor;
const label = slug('mark');
const pattern = "[ipv4-addr:value = '203.0.113.77']";

const worm = malware({ labels: [label] });
const first = indicator({ labels: [label, 'c2'], pattern, confidence: 90 });
const second = marked('green', indicator({ labels: [label, 'c2'], pattern }));
const third = indicator({
  labels: [label],
  pattern: 'rule a { condition: true }',
  pattern_type: 'yara',
});
const indicates = link('relationship', {
  relationship_type: 'indicates',
  source_ref: first.id,
  target_ref: worm.id,
});
const report = link('report', {
  name: 'A report',
  published: '2026-01-01T00:00:00Z',
  object_refs: [first.id],
});

function link(type: string, facts: object): PostedObject {
  const times = { created: '2026-01-01T00:00:00.000Z', modified: '2026-01-01T00:00:00.000Z' };
  return { type, spec_version: '2.1', id: `${type}--${randomUUID()}`, ...times, ...facts };
}

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities, ceiling: 'green' });
  outsider = await anActor(tocsin);
  await alice.shares([worm, first, second, third, indicates, report]);
});
afterAll(() => tocsin.close());

describe('facets', () => {
  async function counts(actor: Actor, path: string, query: object): Promise<unknown> {
    const { status, body } = await actor.sends('get', path).query(query);
    expect([status, body]).toEqual([200, expect.anything()]);
    return body as unknown;
  }

  it('count what the viewer sees, by field', async () => {
    const query = { label, fields: 'label,pattern_type,tlp,observable_type,state,type' };
    expect(await counts(alice, '/indicators/facets', query)).toEqual({
      counted: 3,
      more: false,
      estimated: false,
      complete: true,
      facets: {
        label: [
          { value: label, count: 3 },
          { value: 'c2', count: 2 },
        ],
        pattern_type: [
          { value: 'stix', count: 2 },
          { value: 'yara', count: 1 },
        ],
        tlp: [
          { value: 'amber', count: 2 },
          { value: 'green', count: 1 },
        ],
        observable_type: [{ value: 'ipv4-addr', count: 2 }],
        state: [{ value: 'active', count: 3 }],
        type: [{ value: 'indicator', count: 3 }],
      },
    });
    expect(await counts(bob, '/indicators/facets', { label, fields: 'label' })).toMatchObject({
      counted: 1,
    });
    expect(await counts(outsider, '/indicators/facets', { label, fields: 'label' })).toEqual({
      counted: 0,
      more: false,
      estimated: false,
      complete: true,
      facets: { label: [] },
    });
    const ofTypes = await counts(alice, '/objects/facets', { label, fields: 'type' });
    expect(ofTypes).toMatchObject({
      counted: 4,
      facets: { type: [{ value: 'indicator' }, { value: 'malware' }] },
    });
  });

  it.each([{ fields: '' }, { fields: 'label,colour' }, { fields: 'label', after: 'x' }])(
    'reject %j',
    async (query) => {
      const { status, body } = await alice.sends('get', '/objects/facets').query(query);
      expect([status, body]).toEqual([400, expect.objectContaining({ code: 'invalid_request' })]);
    },
  );
});

describe('GET /objects/{id}/related', () => {
  interface Related {
    readonly objects: PostedObject[];
    readonly relations: { by: string; detail?: string }[][];
    readonly next: string | null;
  }

  async function related(actor: Actor, id: string, query: object = {}): Promise<Related> {
    const { status, body } = await actor.sends('get', `/objects/${id}/related`).query(query);
    expect([status, body]).toEqual([200, expect.anything()]);
    return body as Related;
  }

  it('lists what is one step away, with why', async () => {
    const { objects, relations } = await related(alice, first.id);
    const why = new Map(objects.map(({ id }, i) => [id, relations[i]]));
    expect(new Set(why.keys())).toEqual(
      new Set(
        [worm.id, second.id, indicates.id, report.id, alice.identity].filter((id) => why.has(id)),
      ),
    );
    expect(why.get(worm.id)).toEqual([{ by: 'relationship', detail: indicates.id }]);
    expect(why.get(indicates.id)).toEqual([{ by: 'names_it', detail: 'source_ref' }]);
    expect(why.get(report.id)).toEqual([{ by: 'names_it', detail: 'object_refs' }]);
    expect(why.get(second.id)).toEqual(
      expect.arrayContaining([
        { by: 'same_observable', detail: '203.0.113.77' },
        { by: 'same_pattern' },
      ]),
    );
    expect((await related(alice, indicates.id)).objects.map(({ id }) => id).toSorted()).toEqual(
      [first.id, worm.id].toSorted(),
    );
  });

  it('goes page by page', async () => {
    const all = (await related(alice, first.id)).objects.map(({ id }) => id);
    const found: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: Related = await related(alice, first.id, {
        limit: 2,
        ...(after === '' ? {} : { after }),
      });
      found.push(...page.objects.map(({ id }) => id));
      after = page.next;
    }
    expect(found).toEqual(all);
  });

  it('is the same for a hidden object as for one that nobody has', async () => {
    expect((await related(bob, second.id)).objects).toEqual([]);
    const hidden = await outsider.sends('get', `/objects/${first.id}/related`);
    const unknown = await outsider.sends('get', `/objects/${indicator().id}/related`);
    const of = ({ status, body }: typeof hidden) => [status, { ...(body as object), instance: '' }];
    expect(of(hidden)).toEqual(of(unknown));
    expect(hidden.status).toBe(404);
  });
});
