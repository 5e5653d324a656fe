/** What a problem says: what is wrong with what was sent, and what to send instead. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const AMBER = 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421';
const GREEN = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';
const STRICT = 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003';

let tocsin: Tocsin;
let ally: Actor;
beforeAll(async () => {
  tocsin = await startTocsin();
  ally = await anActor(tocsin, { role: 'org_admin', ceiling: 'amber' });
});
afterAll(() => tocsin.close());

/** The detail of the answer to a request with this body. */
async function detailOf(
  path: string,
  body: object | string,
  type = 'application/json',
): Promise<string> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await ally.sends('post', path).set('content-type', type).send(sent);
  return (answer.body as { detail: string }).detail;
}

async function notFound(path: string): Promise<string> {
  const { body } = await request(tocsin.url).get(path).expect(404);
  return (body as { detail: string }).detail;
}

describe('a list or string that is too short or too long', () => {
  const ids = (count: number) => ({ ids: Array.from({ length: count }, () => indicator().id) });

  it.each([
    ['/shares/revoke', ids(0), '`ids` must be a list of 1 to 500 strings; this one has 0.'],
    ['/shares/revoke', ids(501), '`ids` must be a list of 1 to 500 strings; this one has 501.'],
    [
      '/keys',
      { role: 'feed', label: 'x'.repeat(201) },
      'at most 200 characters; this one has 201.',
    ],
    ['/users', { email: 'a@example.org', role: 'analyst', name: '' }, '; this one has 0.'],
  ])('says how many there are: %s', async (path, body, text) => {
    const detail = await detailOf(path, body);
    expect(detail).toContain(text);
    expect(detail).not.toMatch(/not a list|\btexts?\b/);
  });
});

it('names the schemes of a URL', async () => {
  expect(await detailOf('/subscriptions', { url: 'ftp://www.example.org/' })).toBe(
    '`url` must be a URL that starts with https:// or http://.',
  );
});

describe('a body of another content type', () => {
  const takes: Record<string, string> = {
    '/bundles':
      'Send application/json, application/stix+json or application/x-ndjson, the last with one object a line.',
    '/validate':
      'Send application/json, application/stix+json or application/x-ndjson, the last with one object a line.',
    '/indicators': 'Send application/json or application/stix+json.',
    '/subscriptions': 'Send application/json.',
  };
  const hints: Record<string, RegExp> = {
    'text/plain': /^$/,
    'application/xml': /^( This is XML, not JSON; .*STIX 2\.1.*)?$/,
    'application/x-ndjson': /^ Send many objects, one a line, to \/api\/v1\/bundles\.$/,
  };

  it.each(Object.entries(takes))(
    'is answered with the content types of %s',
    async (path, types) => {
      for (const [type, hint] of Object.entries(hints)) {
        if (type === 'application/x-ndjson' && types.includes(type)) continue;
        const detail = await detailOf(path, 'x', type);
        expect(detail.startsWith(types)).toBe(true);
        expect(detail.slice(types.length)).toMatch(hint);
      }
    },
  );

  it.each([
    ['/bundles', 'application/x-ndjson.'],
    ['/validate', 'application/x-ndjson.'],
    ['/indicators', 'application/x-ndjson to /api/v1/bundles.'],
  ])('gets a hint that it holds lines: %s', async (path, hint) => {
    const lines = [indicator(), indicator()].map((one) => JSON.stringify(one)).join('\n');
    expect(await detailOf(path, lines)).toContain(`one a line: send them as ${hint}`);
    expect(await detailOf(path, `${JSON.stringify(bundle([indicator()]))},`)).not.toContain(
      'ndjson',
    );
  });
});

describe('an unknown path', () => {
  it.each([
    ['/api/v1/objcts/x', '/api/v1/objects/x'],
    ['/api/v1/bundels', '/api/v1/bundles'],
    ['/bundles', '/api/v1/bundles'],
    ['/api/v1/objects/x/histroy?limit=1', '/api/v1/objects/x/history'],
  ])('%s: did you mean %s', async (path, meant) => {
    expect(await notFound(path)).toBe(
      `This path does not exist. Did you mean \`${meant}\`? /docs lists the endpoints.`,
    );
  });

  it.each(['/api/v1/xyz', '/nothing/here', `/${'a/'.repeat(100)}`])(
    'that resembles none is compared with none: %s',
    async (path) => {
      expect(await notFound(path)).not.toContain('Did you mean');
    },
  );
});

it.each([50, 6100])('%d lines sent as one JSON document get the same advice', async (count) => {
  const lines = Array.from({ length: count }, () => JSON.stringify(indicator())).join('\n');
  const { body } = await ally
    .sends('post', '/bundles')
    .set('content-type', 'application/json')
    .send(lines)
    .expect(400);
  expect(body).toMatchObject({
    code: 'invalid_json',
    detail: expect.stringMatching(/one a line: send them as application\/x-ndjson\.$/),
  });
});

describe('a level', () => {
  it('above the ceiling is traced to the label, the granular marking or the default', async () => {
    const marking = { marking_ref: STRICT, selectors: ['name'] };
    const fault = async (object: object) => {
      const { body } = await ally
        .sends('post', '/bundles')
        .send(bundle([indicator(object)]))
        .expect(200);
      const [{ code, path, detail }] = (
        body as { results: [{ code: string; path: string; detail: string }] }
      ).results;
      return [code, path, detail.includes('has the default of the organisation')];
    };
    const above = 'tlp_above_ceiling';
    expect(await fault({ labels: ['x', 'tlp:amber+strict'] })).toEqual([
      above,
      '$.labels[1]',
      false,
    ]);
    expect(await fault({ granular_markings: [marking] })).toEqual([
      above,
      '$.granular_markings[0].marking_ref',
      false,
    ]);
    await tocsin.sql(`update organisation set default_tlp = 3 where slug = $1`, [ally.slug]);
    try {
      expect(await fault({})).toEqual([above, '$', true]);
    } finally {
      await tocsin.sql(`update organisation set default_tlp = 2 where slug = $1`, [ally.slug]);
    }
  });

  it('by default cannot be above the ceiling', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    const change = (level: string) =>
      admin.sends('patch', `/organisations/${ally.slug}`).send({ default_tlp: level });
    const refused = await change('red').expect(400);
    expect(refused.body).toMatchObject({ code: 'invalid_request', path: 'body.default_tlp' });
    await change('green').expect(200);
    await change('amber').expect(200);
    const created = await admin
      .sends('post', '/organisations')
      .send({ slug: slug(), default_tlp: 'red', ceiling: 'amber' })
      .expect(400);
    expect(created.body).toMatchObject({ code: 'invalid_request', path: 'body.default_tlp' });
  });

  it('above the ceiling is named, and so is the ceiling', async () => {
    const object = indicator({ object_marking_refs: [STRICT] });
    const { body } = await ally
      .sends('post', '/bundles')
      .send(bundle([object]))
      .expect(200);
    expect(body).toMatchObject({
      results: [
        {
          code: 'tlp_above_ceiling',
          detail:
            'The level of the object is TLP:AMBER+STRICT; the agreements of the organisation cover ' +
            'levels up to TLP:AMBER.',
        },
      ],
    });
  });

  it('that PATCH cannot lower is lowered as the problem says', async () => {
    const object = indicator({ object_marking_refs: [AMBER] });
    await ally.shares(object);
    const patch = () => ally.sends('patch', `/objects/${object.id}`).send({ tlp: 'green' });
    const { body } = await patch().expect(409);
    expect((body as { detail: string }).detail).toContain('Post a version with a later `modified`');
    const lower = { ...object, modified: '2027-01-01T00:00:00.000Z', object_marking_refs: [GREEN] };
    await ally.shares(lower);
    await patch().expect(204);
  });
});
