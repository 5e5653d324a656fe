import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hit, LookupResult } from '../../src/stix/lookup/results.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, malware, marked, newer, relationship } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const matching = (pattern: string, overrides: object = {}) =>
  indicator({ pattern, valid_until: undefined, ...overrides });

async function lookUp(actor: Actor, value: string, query = ''): Promise<LookupResult> {
  const path = `/lookup/${encodeURIComponent(value)}${query}`;
  const answer = await actor.sends('get', path);
  expect(answer.status).toBe(200);
  return answer.body as LookupResult;
}

/** How each hit matches, and what it matches. */
const hitsOf = ({ hits }: LookupResult): string[] =>
  hits.map(({ match, matched }) => `${match} ${matched.type} ${matched.value}`);

describe('a hit', () => {
  it('says what the indicator says, and who shares it since when', async () => {
    const object = marked(
      'green',
      matching("[domain-name:value = 'one.example.com']", {
        labels: ['c2'],
        confidence: 85,
        kill_chain_phases: [{ kill_chain_name: 'lockheed', phase_name: 'c2' }],
      }),
    );
    await alice.shares(object);
    const result = await lookUp(bob, 'hxxp://ONE[.]example.com');
    expect(result).toMatchObject({
      value: 'hxxp://ONE[.]example.com',
      understood: { type: 'url', value: 'http://one.example.com/' },
      verdict: 'malicious',
      truncated: false,
    });
    expect(result.hits).toEqual([
      {
        match: 'host',
        matched: { type: 'domain-name', value: 'one.example.com' },
        polarity: 'positive',
        context: 'sole',
        state: 'active',
        id: object.id,
        type: 'indicator',
        name: 'Beacon',
        pattern: "[domain-name:value = 'one.example.com']",
        pattern_type: 'stix',
        indicator_types: ['malicious-activity'],
        labels: ['c2'],
        kill_chain_phases: [{ kill_chain_name: 'lockheed', phase_name: 'c2' }],
        tlp: 'green',
        confidence: 85,
        valid_from: '2026-01-01T00:00:00Z',
        valid_until: null,
        sharers: [alice.slug],
        shared_by: 1,
        first_shared: expect.any(String),
        last_shared: expect.any(String),
        related: [],
      },
    ]);
  });

  it('counts only those of its sharers whom the viewer sees', async () => {
    const object = matching("[domain-name:value = 'two.example.com']");
    await alice.shares(object);
    const group = await anActor(tocsin);
    await group.shares(object, { audience: group.slug });
    const [seen] = (await lookUp(bob, 'two.example.com')).hits;
    expect(seen).toMatchObject({ shared_by: 1, sharers: [alice.slug] });
    await bob.shares(object);
    const [both] = (await lookUp(bob, 'two.example.com')).hits;
    expect(both?.shared_by).toBe(2);
    expect(new Set(both?.sharers)).toEqual(new Set([alice.slug, bob.slug]));
  });

  it('has the names one relationship away that the viewer sees, in either direction', async () => {
    const object = matching("[domain-name:value = 'three.example.com']");
    const [worm, hidden] = [malware({ name: 'Seen' }), malware({ name: 'Hidden' })];
    await alice.shares([
      object,
      worm,
      relationship(object.id, worm.id),
      relationship(object.id, hidden.id),
    ]);
    await alice.shares(hidden, { audience: alice.slug });
    const related = { id: worm.id, type: 'malware', name: 'Seen', relationship: 'indicates' };
    expect((await lookUp(bob, 'three.example.com')).hits[0]?.related).toEqual([related]);
    const own = (await lookUp(alice, 'three.example.com')).hits[0]?.related ?? [];
    expect(new Set(own.map(({ name }) => name))).toEqual(new Set(['Hidden', 'Seen']));
  });

  it('says how the value counts in the pattern, and the verdict follows', async () => {
    const verdicts: [pattern: string, value: string, hit: Partial<Hit>, verdict: string][] = [
      [
        "[domain-name:value = 'a.ctx.example' AND file:name = 'x']",
        'a.ctx.example',
        { context: 'part', polarity: 'positive' },
        'suspicious',
      ],
      [
        "[domain-name:value = 'b.ctx.example' OR file:name = 'x']",
        'b.ctx.example',
        { context: 'alternative', polarity: 'positive' },
        'malicious',
      ],
      [
        "[url:value = 'http://c.ctx.example/' AND domain-name:value != 'd.ctx.example']",
        'd.ctx.example',
        { context: null, polarity: 'negative' },
        'observed',
      ],
    ];
    for (const [pattern, value, hit, verdict] of verdicts) {
      await alice.shares(matching(pattern));
      const result = await lookUp(bob, value);
      expect(result.hits, value).toMatchObject([hit]);
      expect(result.verdict, value).toBe(verdict);
    }
  });

  it('is expired from the moment that its validity ends, and revoked after its revocation', async () => {
    const now = tocsin.clock.now().getTime();
    const until = (ms: number) => ({ valid_until: new Date(now + ms).toISOString() });
    await alice.shares(matching("[domain-name:value = 'a.state.example']", until(0)));
    await alice.shares(matching("[domain-name:value = 'b.state.example']", until(60_000)));
    const last = matching("[domain-name:value = 'c.state.example']");
    await alice.shares(last);
    await alice.shares(newer(last, 1, { revoked: true }));
    const stateOf = async (value: string) => {
      const { hits, verdict } = await lookUp(bob, value);
      return [hits[0]?.state, verdict];
    };
    expect(await stateOf('a.state.example')).toEqual(['expired', 'inactive']);
    expect(await stateOf('b.state.example')).toEqual(['active', 'malicious']);
    expect(await stateOf('c.state.example')).toEqual(['revoked', 'inactive']);
  });
});

describe('the modes', () => {
  beforeAll(async () => {
    await alice.shares([
      matching("[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
      matching("[ipv4-addr:value = '203.0.113.77']"),
      matching("[ipv6-addr:value ISSUBSET '2001:db8:1::/48']"),
      matching("[domain-name:value = 'parent.example']"),
      matching("[domain-name:value LIKE '%.wild.example']"),
      matching("[url:value = 'https://prefix.example/kit/']"),
      matching(`[file:hashes.MD5 = '${MD5}' AND file:hashes.'SHA-256' = '${SHA256}']`),
      matching(`[file:hashes.'SHA-256' = '${SHA256}']`),
    ]);
  });

  it.each([
    ['203.0.113.77', '', ['exact ipv4-addr 203.0.113.77', 'network ipv4-cidr 203.0.113.0/24']],
    ['203.0.113.5:443', '', ['network ipv4-cidr 203.0.113.0/24']],
    ['203.0.113.5', '?match=exact', []],
    ['http://203.0.113.5/x', '', ['network ipv4-cidr 203.0.113.0/24']],
    ['203.0.113.64/26', '', ['network ipv4-cidr 203.0.113.0/24', 'address ipv4-addr 203.0.113.77']],
    ['203.0.112.0/23', '', ['address ipv4-cidr 203.0.113.0/24', 'address ipv4-addr 203.0.113.77']],
    ['2001:db8:1:2::3', '', ['network ipv6-cidr 2001:db8:1::/48']],
    ['a.parent.example', '', []],
    ['a.parent.example', '?subdomains', ['parent_domain domain-name parent.example']],
    ['a.b.wild.example', '', ['parent_domain subdomains wild.example']],
    ['wild.example', '?subdomains', []],
    ['someone@parent.example', '', ['host domain-name parent.example']],
    ['https://prefix.example/kit/a.php?x=1', '', ['host url https://prefix.example/kit/']],
    ['https://prefix.example/kitten', '', []],
    [MD5, '', [`exact md5 ${MD5}`, `hash sha256 ${SHA256}`]],
    [MD5, '?match=exact', [`exact md5 ${MD5}`]],
    ['unheard-of.example', '', []],
  ])('%s%s', async (value, query, expected) => {
    expect(hitsOf(await lookUp(bob, value, query)).toSorted()).toEqual(expected.toSorted());
  });

  it('says what counted a sub-domain', async () => {
    const [wild] = (await lookUp(bob, 'a.wild.example')).hits;
    const asked = await lookUp(bob, 'a.parent.example', '?subdomains');
    expect([wild?.subdomains_by, asked.hits[0]?.subdomains_by]).toEqual(['pattern', 'option']);
    expect(asked.verdict).toBe('suspicious');
  });

  it('skips the addresses of a network that is too wide, and says so', async () => {
    for (const value of ['0.0.0.0/0', '::/0', '203.0.0.0/15']) {
      expect(await lookUp(bob, value)).toMatchObject({ hits: [], skipped: ['address'] });
    }
  });
});

describe('many values', () => {
  const values = ['one.example.com', 'nobody.example', '203.0.113.77', 'x'.repeat(5000), ' '];
  const post = (body: unknown, type: string, accept = 'application/json') =>
    fetch(`${tocsin.url}/api/v1/lookup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bob.key}`, 'content-type': type, accept },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('are answered in their order, whatever the form of the body', async () => {
    const json = await post({ values }, 'application/json');
    const { results } = (await json.json()) as { results: LookupResult[] };
    expect(results.map(({ verdict, error }) => error?.code ?? verdict)).toEqual([
      'malicious',
      'unknown',
      'malicious',
      'value_too_long',
      'invalid_request',
    ]);
    const lines = values.slice(0, 4).map((value) => JSON.stringify(value));
    const ndjson = await post(
      `${lines.join('\n')}\n`,
      'application/x-ndjson',
      'application/x-ndjson',
    );
    const texts = (await ndjson.text()).trimEnd().split('\n');
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(results.slice(0, 4));
    const plain = await post(values.slice(0, 3).join('\r\n'), 'text/plain');
    expect(await plain.json()).toEqual({ results: results.slice(0, 3) });
  });

  it('of a given type are looked up as such', async () => {
    await alice.shares(matching(String.raw`[mutex:name = 'Global\\Only']`));
    const typed = { value: String.raw`Global\Only`, type: 'mutex' };
    const answer = await post({ values: [typed, typed.value] }, 'application/json');
    const { results } = (await answer.json()) as { results: LookupResult[] };
    expect(results.map(({ hits }) => hits.length)).toEqual([1, 1]);
  });

  it.each([
    ['10,001 values', { values: Array.from({ length: 10_001 }, () => 'a') }, 'body.values'],
    ['no values', { values: [] }, 'body.values'],
    ['a number', { values: [5] }, 'body.values[0]'],
    ['an unknown member', { values: ['a'], limit: 5 }, 'body.limit'],
    ['a list', ['a'], 'body'],
  ])('are rejected: %s', async (_, body, path) => {
    const answer = await post(body, 'application/json');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'invalid_request', path });
  });

  it('are rejected as a type that is not a list of values', async () => {
    expect((await post('a,b', 'text/csv')).status).toBe(415);
  });

  it('with faulty lines have a result for each line', async () => {
    const body = '"one.example.com"\n{"value":5}\nnot json\n"a\\u0000"\n"\\ud800"\n';
    const answer = await post(body, 'application/x-ndjson');
    const { results } = (await answer.json()) as { results: LookupResult[] };
    expect(results.map(({ error }) => error?.code)).toEqual([
      undefined,
      'invalid_request',
      'invalid_json',
      'nul_character',
      'lone_surrogate',
    ]);
  });

  it('may be more than one part of them', async () => {
    const many = Array.from({ length: 2500 }, (_, i) => `host-${i}.many.example`);
    await alice.shares(matching("[domain-name:value = 'host-2222.many.example']"));
    const answer = await post(many.join('\n'), 'text/plain');
    const { results } = (await answer.json()) as { results: LookupResult[] };
    expect(results.map(({ value }) => value)).toEqual(many);
    expect(results.flatMap(({ hits }, index) => hits.map(() => index))).toEqual([2222]);
  });

  it('refuses an unknown mode', async () => {
    const answer = await bob.sends('get', '/lookup/a.example?match=exact,sounds');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', path: 'querystring.match' });
  });
});
