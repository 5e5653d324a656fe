/** Objects by which a value would reach more readers than its sender meant: one posts, another reads. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomes, type Actor } from '../support/actors.ts';
import { bundle, indicator, type PostedObject } from '../support/builders.ts';
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
const posts = (objects: readonly object[], query?: object) => posts20(alice, objects, query);

const OWN = () => `marking-definition--${randomUUID()}`;
const OPENCTI = 'marking-definition--826578e1-40ad-459f-bc73-ede076f81f37';

function definition(id: string, more: object): PostedObject {
  const fixed = { type: 'marking-definition', spec_version: '2.1', created: DAY };
  return { ...fixed, id, ...more };
}

const statedIn = (id: string, tlp: string) =>
  definition(id, { definition_type: 'tlp', definition: { tlp } });
const refersTo = (id: string) => indicator({ object_marking_refs: [id] });

function postsLines(lines: readonly object[], query: object = {}) {
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  const request = alice.sends('post', '/bundles').query(query).type('application/x-ndjson');
  return request.send(body);
}

/** Whether those who may read AMBER+STRICT see the object, and those who may read up to AMBER. */
async function whoSees({ id }: PostedObject): Promise<string[]> {
  await tocsin.sequenced();
  const found = await Promise.all([bob, carol].map((actor) => actor.finds(id)));
  return ['strict', 'amber'].filter((_, i) => found[i]?.status === 200);
}

interface Result {
  readonly code?: string;
  readonly outcome: string;
  readonly warnings?: readonly { readonly code: string; readonly path: string }[];
}

const resultsOf = (response: { body: unknown }) => (response.body as { results: Result[] }).results;

describe('a level that the sender stated', () => {
  const RED_REFUSED = 'red_needs_named_organisations';

  it('is read by everybody where it is low (the control)', async () => {
    const own = OWN();
    const object = refersTo(own);
    expect(outcomes(await alice.posts([statedIn(own, 'amber'), object]))).toEqual([
      'created',
      'created',
    ]);
    expect(await whoSees(object)).toEqual(['strict', 'amber']);
  });

  it('holds for lines that come thousands of lines later', async () => {
    const own = OWN();
    const lines = [statedIn(own, 'red'), ...Array.from({ length: 2600 }, () => indicator())];
    const secrets = [
      refersTo(own),
      refersTo(own.toUpperCase().replace('MARKING-DEFINITION', 'marking-definition')),
    ];
    for (const query of [{ dry_run: true }, {}]) {
      const results = resultsOf(await postsLines([...lines, ...secrets], query)).slice(-2);
      expect(results.map(({ code }) => code)).toEqual([RED_REFUSED, RED_REFUSED]);
    }
    for (const secret of secrets) expect(await whoSees(secret)).toEqual([]);
  });

  it('holds for requests that come later, in whatever case the id is written', async () => {
    const lower = OWN();
    const upper = lower.toUpperCase().replace('MARKING-DEFINITION', 'marking-definition');
    const mixed = `${lower.slice(0, -12)}${upper.slice(-12)}`;
    for (const stored of [lower, upper]) {
      await alice.shares(statedIn(stored, 'amber+strict'));
      for (const id of [lower, upper, mixed]) {
        const object = refersTo(id);
        await alice.shares(object);
        expect([stored, id, await whoSees(object)]).toEqual([stored, id, ['strict']]);
      }
    }
  });

  it('is not learnt from a definition that another member shares', async () => {
    const own = OWN();
    await bob.shares(statedIn(own, 'clear'));
    const [result] = resultsOf(await alice.posts(refersTo(own)));
    expect(result?.warnings?.[0]).toMatchObject({ code: 'marking_unknown' });
  });

  it('holds where the definition follows, in the same part', async () => {
    const own = OWN();
    const object = refersTo(own);
    const definitionLater = [object, statedIn(own, 'red')];
    expect(outcomes(await alice.posts(definitionLater))[0]).toBe(RED_REFUSED);
    expect(resultsOf(await postsLines(definitionLater))[0]?.code).toBe(RED_REFUSED);
  });

  it('rejects an object whose marking may still be defined in a later part', async () => {
    const own = OWN();
    const object = refersTo(own);
    const lines = [
      object,
      ...Array.from({ length: 2600 }, () => indicator()),
      statedIn(own, 'red'),
    ];
    expect(resultsOf(await postsLines(lines))[0]).toMatchObject({
      outcome: 'rejected',
      code: 'marking_unknown',
      path: '$.object_marking_refs[0]',
    });
    expect(await whoSees(object)).toEqual([]);
    // Sent again, the definition is there.
    expect(outcomes(await alice.posts(object))).toEqual([RED_REFUSED]);
  });

  it.each<[string, object | undefined]>([
    [
      'a statement with its own property',
      {
        definition_type: 'statement',
        definition: { statement: 'custom' },
        x_opencti_definition_type: 'TLP',
        x_opencti_definition: 'TLP:AMBER+STRICT',
      },
    ],
    ['a type and a name', { definition_type: 'TLP', name: 'TLP:AMBER+STRICT' }],
    ['a bare reference', undefined],
  ])('is understood as OpenCTI writes it: %s', async (_, spelling) => {
    const object = refersTo(OPENCTI);
    const definitions = spelling === undefined ? [] : [definition(OPENCTI, spelling)];
    const results = outcomes(await alice.posts([...definitions, object]));
    expect(results).not.toContain('rejected');
    expect(await whoSees(object)).toEqual(['strict']);
  });

  it.each<[string, object]>([
    [
      'a name',
      { definition_type: 'statement', definition: { statement: '-' }, name: 'TLP:AMBER+STRICT' },
    ],
    [
      'a statement',
      { definition_type: 'statement', definition: { statement: 'TLP: amber strict.' } },
    ],
    ['another key', { definition_type: 'own', definition: { TLP: 'TLP:AMBER+STRICT' } }],
  ])('is understood in %s of a definition', async (_, spelling) => {
    const own = OWN();
    const object = refersTo(own);
    await alice.shares([definition(own, spelling), object]);
    expect(await whoSees(object)).toEqual(['strict']);
  });

  it.each(['tlp:amber+strict', ' tlp:amber+strict', 'TLP:AMBER+STRICT'])(
    'is understood in the label %j',
    async (label) => {
      const object = indicator({ labels: ['apt', label] });
      await alice.shares(object);
      expect(await whoSees(object)).toEqual(['strict']);
      const absent = {
        spec_version: undefined,
        pattern_type: undefined,
        indicator_types: undefined,
      };
      const old = indicator({ labels: [label], ...absent });
      expect(outcomes(await posts([old]))).toEqual(['created']);
      expect(await whoSees(old)).toEqual(['strict']);
    },
  );

  it.each([
    ['red', 'clear'],
    ['clear', 'red'],
  ])('is the stricter of two definitions of one id: %s, %s', async (...levels) => {
    const own = OWN();
    const object = refersTo(own);
    const definitions = levels.map((level) => statedIn(own, level));
    const codes = outcomes(await alice.posts([...definitions, object]));
    expect(codes[levels.indexOf('clear')]).toBe('marking_redefined');
    expect(codes[2]).toBe(RED_REFUSED);
    // Nor can a later request lower it.
    const later = { ...statedIn(own, 'clear'), created: '2026-02-01T00:00:00.000Z' };
    expect(outcomes(await alice.posts([later, object]))).toEqual([
      'marking_redefined',
      RED_REFUSED,
    ]);
  });

  it('is not lowered afterwards', async () => {
    const own = OWN();
    const objects = [refersTo(own), indicator({ labels: ['tlp:amber+strict'] })];
    await alice.shares([statedIn(own, 'amber+strict'), ...objects]);
    for (const { id } of objects) {
      const answer = await alice.sends('patch', `/objects/${id}`).send({ tlp: 'green' });
      expect(answer.body).toMatchObject({ code: 'tlp_below_marking' });
    }
  });
});

describe('an unknown level', () => {
  const own = OWN();
  const vague = definition(own, { definition_type: 'tlp', definition: { tlp: 'purple' } });
  const doubtful = (): [PostedObject, string, string][] => [
    [refersTo(own), 'tlp_unknown', '$.object_marking_refs[0]'],
    [refersTo(OWN()), 'marking_unknown', '$.object_marking_refs[0]'],
    [indicator({ labels: ['tlp:purple'] }), 'tlp_unknown', '$.labels[0]'],
    [indicator({ labels: ['tlp:clear', 'tlp:unclear'] }), 'tlp_unknown', '$.labels[1]'],
  ];

  it('is a warning, and at least the default', async () => {
    await alice.shares(vague);
    for (const [object, code, path] of doubtful()) {
      const [result] = resultsOf(await alice.posts(object));
      expect(result?.outcome).toBe('created');
      expect(result?.warnings?.[0]).toMatchObject({ code, path });
      const { body } = await alice
        .sends('get', `/objects/${object.id}/access`)
        .query({ organisation: bob.slug });
      expect(JSON.stringify(body)).toContain('"green"');
    }
  });

  it('is a rejection where the operator wants it so', async () => {
    const strict = await tocsin.another(['http'], { TOCSIN_UNKNOWN_TLP: 'reject' });
    for (const [object, code, path] of doubtful()) {
      for (const door of ['bundles', 'indicators']) {
        const body = door === 'bundles' ? bundle([object]) : object;
        const answer = await fetch(`${strict.url}/api/v1/${door}`, {
          method: 'POST',
          headers: { 'x-api-key': alice.key, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        const text = await answer.text();
        expect(text).toContain(`"path":"${path}"`);
        expect(text).toContain(`"${code}"`);
      }
      expect(await whoSees(object)).toEqual([]);
    }
  });
});

describe('a predefined marking', () => {
  const WHITE = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
  const copies = [
    { definition_type: 'tlp', definition: { tlp: 'white' } },
    { definition_type: 'tlp', definition: { tlp: 'white' }, name: 'TLP:WHITE' },
    { definition_type: 'tlp', definition: { TLP: 'TLP:WHITE' } },
    { definition_type: 'tlp', name: 'TLP:WHITE' },
    {},
  ].map((spelling) => definition(WHITE, spelling));

  it('is refused with another content, and never given out with it', async () => {
    const wrong = [{ tlp: 'clear' }, { tlp: 'red' }, { statement: 'free for all' }].map((content) =>
      definition(WHITE, { definition_type: 'tlp', definition: content }),
    );
    for (const one of wrong) {
      const [code] = outcomes(await alice.posts(one));
      expect(['marking_redefined', 'missing_property']).toContain(code);
    }
    expect((await bob.finds(WHITE)).status).toBe(404);
  });

  it('is unchanged in all spellings of all tools of an organisation', async () => {
    expect(outcomes(await alice.posts(copies.slice(-1)))).toEqual(['created']);
    const again = copies.map((copy) => ({ ...copy, created: '2017-01-20T00:00:00.000Z' }));
    const response = await alice.posts([...copies, ...again, indicator()], { atomic: true });
    expect(outcomes(response)).toEqual([
      ...[...copies, ...again].map(() => 'unchanged'),
      'created',
    ]);
    // What everybody reads is whole, even if the first copy was not.
    expect((await bob.finds(WHITE)).body).toMatchObject({ definition: { tlp: 'white' } });
  });
});
