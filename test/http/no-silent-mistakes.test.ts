/** Input that would be ignored, or match nothing for ever, is refused by name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settings } from '../../src/config.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({
    settings: { TOCSIN_BUNDLE_OBJECTS_MAX: '3', TOCSIN_BODY_BYTES_MAX: '20000' },
  });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('a bundle', () => {
  it.each(['Objects', 'object', 'OBJECTS', 'indicators', 'data'])(
    'with `%s` in the place of objects is refused',
    async (name) => {
      const wrong = { type: 'bundle', id: 'bundle--1', [name]: [indicator()] };
      for (const path of ['/bundles', '/validate']) {
        const { status, body } = await alice.sends('post', path).send(wrong);
        expect(status).toBe(400);
        expect(body).toMatchObject({
          code: 'invalid_bundle',
          reason: 'unknown_member',
          path: `$.${name}`,
          detail: `Unknown member: \`${name}\`. Did you mean \`objects\`?`,
        });
      }
    },
  );

  it.each([
    ['audience', ['somebody']],
    ['atomic', true],
    ['dry_run', true],
  ])('with the parameter `%s` in the body is refused whole', async (name, value) => {
    const object = indicator();
    const bodies: [string, object][] = [
      ['/bundles', { ...bundle([object]), [name]: value }],
      ['/bundles', { ...object, [name]: value }],
      ['/indicators', { ...object, [name]: value }],
    ];
    for (const [path, wrong] of bodies) {
      const { status, body } = await alice.sends('post', path).send(wrong);
      expect([status, body.code, body.path]).toEqual([400, 'invalid_request', `$.${name}`]);
      expect(body.detail).toContain(`?${name}=`);
    }
    expect((await alice.finds(object.id)).status).toBe(404);
  });

  it('with other members is taken, and the answer names them', async () => {
    const given = { ...bundle([indicator()]), x_source: 'a tool', created: 'yesterday' };
    const { status, body } = await alice.sends('post', '/bundles').send(given);
    expect([status, body.summary.created]).toEqual([200, 1]);
    const warnings = body.warnings as { code: string; path: string }[];
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([
      ['unknown_member', '$.x_source'],
      ['unknown_member', '$.created'],
    ]);
    const plain = await alice.posts(indicator());
    expect(plain.body).not.toHaveProperty('warnings');
  });

  it('without objects is empty, as STIX has it', async () => {
    await alice.sends('post', '/bundles').send({ type: 'bundle', id: 'bundle--1' }).expect(200);
  });
});

describe('a filter of a subscription', () => {
  const subscribe = (filter: object) =>
    alice.sends('post', '/subscriptions').send({ url: 'http://127.0.0.1:9/', filter });

  it.each([
    [{ types: ['indicator', 'indicators'] }, 'body.filter.types[1]', /Did you mean `indicator`\?$/],
    [{ types: ['Indicator'] }, 'body.filter.types[0]', /Did you mean `indicator`\?$/],
    [{ types: ['threat_actor'] }, 'body.filter.types[0]', /Did you mean `threat-actor`\?/],
    [{ types: ['no such'] }, 'body.filter.types[0]', /must be a STIX object type/],
    [{ producers: ['CERT A'] }, 'body.filter.producers[0]', /must be the slug of an organisation/],
    [{ producers: ['identity--1'] }, 'body.filter.producers[0]', /or a STIX identity/],
    [{ producers: ['malware--x'.padEnd(64, 'x')] }, 'body.filter.producers[0]', /must be/],
    [
      { confidence_min: 101 },
      'body.filter.confidence_min',
      /a whole number from 0 to 100, not 101\.$/,
    ],
  ])('%j is refused', async (filter, path, detail) => {
    const { status, body } = await subscribe(filter);
    expect([status, body.path]).toEqual([400, path]);
    expect(body.detail).toMatch(detail);
  });

  it.each([{ types: ['indicator', 'x-acme-sensor', 'incident-report-form', 'ipv4-addr'] }])(
    '%j is taken',
    async (filter) => {
      await subscribe(filter).expect(201);
    },
  );

  it('is an oracle for nobody: a producer that exists, one that is hidden and none are alike', async () => {
    const hidden = await anActor(tocsin, { communities: [slug()] });
    const answers = await Promise.all(
      [alice.slug, hidden.slug, slug('org'), hidden.identity].map(async (name) => {
        const { status, body } = await subscribe({ producers: [name] });
        return { status, names: Object.keys(body as object).toSorted() };
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
  });
});

describe('an e-mail address', () => {
  const invite = (email: string) =>
    alice.sends('post', '/users').send({ email, name: 'A person', role: 'analyst' });

  it.each(['josé@example.org', 'jose@exämple.org', '用户@例子.公司', 'o’neil+x@example.org'])(
    '%s is taken, and is one address however it is written',
    async (email) => {
      const { body } = await invite(email).expect(201);
      expect(body.email).toBe(email.normalize('NFC'));
      for (const same of [email.normalize('NFD'), email.toUpperCase()]) {
        expect((await invite(same)).body).toMatchObject({ code: 'email_taken' });
      }
    },
  );

  it.each([
    'nobody',
    'a@b',
    'a b@example.org',
    'a@exam ple.org',
    'a@@example.org',
    '.a@example.org',
    'a..b@example.org',
    'a@-example.org',
    'a\u202e@example.org',
    'a\u200b@example.org',
    `${'ü'.repeat(60)}@${'example.'.repeat(25)}org`,
    'a@192.0.2.1',
  ])('%j is refused', async (email) => {
    const { status, body } = await invite(email);
    expect([status, body.path]).toEqual([400, 'body.email']);
  });
});

describe('what a setting limits', () => {
  it('names the setting', async () => {
    const many = await alice.posts([1, 2, 3, 4].map(() => indicator()));
    expect(many.body).toMatchObject({ code: 'bundle_too_large' });
    expect(many.body.detail).toContain('TOCSIN_BUNDLE_OBJECTS_MAX');
    const large = await alice.posts(indicator({ description: 'x'.repeat(30_000) }));
    expect(large.body).toMatchObject({ code: 'body_too_large' });
    expect(large.body.detail).toContain('TOCSIN_BODY_BYTES_MAX');
    const inside = await alice.sends('post', '/subscriptions').send({ url: 'https://10.0.0.1/' });
    expect(inside.body).toMatchObject({ code: 'egress_refused' });
    expect(inside.body.detail).toContain('TOCSIN_EGRESS_ALLOW');
  });

  it('is every limit of the settings but those that no answer mentions', () => {
    // A client that does not read is disconnected; a listener is refused before HTTP; the rest is for one process.
    const SILENT =
      /ANSWER_|STREAM_BYTES|DELIVERIES_MAX|LEASE|DATABASE|RATE_BURST|METRICS|_PORT|DATA_DIR|SECRET|OIDC|TLS|DOCS|SPOOL_DIR|FORWARDED|CONNECTIONS/;
    const source = join(import.meta.dirname, '../../src');
    const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) =>
        /^(http|egress|indicators|members|access|store|deliveries)\/.*\.ts$/.test(file),
      )
      .map((file) =>
        readFileSync(join(source, file), 'utf8').replaceAll(/^\s*(\/?\*|\/\/).*$/gm, ''),
      );
    const all = texts.join('\n');
    const limits = Object.keys(settings.shape).filter(
      (name) =>
        /_(MAX|MIN|DAY|PER_\w+|REQUESTS|ROWS|ORGANISATION|ALLOW|TRIES|SECONDS)$|QUOTA|IN_FLIGHT|WRONG_KEYS/.test(
          name,
        ) && !SILENT.test(name),
    );
    expect(limits.length).toBeGreaterThan(18);
    const named = (name: string) =>
      all.includes(name) ||
      all.includes(`\${settings}${name.replace(/^TOCSIN_(REQUESTS|STREAMS)/, '')}`);
    expect(limits.filter((name) => !named(name))).toEqual([]);
  });
});
