import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

async function postAs(type: string | undefined, path = 'bundles', body?: Buffer<ArrayBuffer>) {
  const response = await fetch(`${tocsin.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'x-api-key': alice.key, ...(type === undefined ? {} : { 'content-type': type }) },
    // Of bytes, fetch does not say by itself what they are.
    body: body ?? Buffer.from(JSON.stringify(bundle([indicator()]))),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('a bundle is taken as', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/stix+json',
    'application/stix+json;version=2.1',
    'application/stix+json; version="2.1"',
    'application/stix+json; charset=utf-8; version=2.1',
    'application/stix+json;version=2.0',
    'application/stix+json;version=2',
    'application/stix+json; version="2.2"',
    'application/vnd.oasis.stix+json',
    'application/vnd.oasis.stix+json; version=2.0',
    'Application/Vnd.OASIS.STIX+json; version=2.1; charset=UTF8',
    'application/json; charset=utf8',
    'application/json; charset=UTF8',
    'application/json; charset="utf8"',
    'application/stix+json; charset=utf8; version=2.1',
    'Application/STIX+JSON;Version=2.1',
    'application/json;',
    'application/json ; charset=utf-8',
  ])('%s', async (type) => {
    expect(await postAs(type)).toMatchObject({ status: 200, body: { summary: { created: 1 } } });
  });

  it.each(['application/x-ndjson', 'application/ndjson', 'application/jsonl; charset=utf-8'])(
    'lines: %s',
    async (type) => {
      const lines = [indicator(), indicator()].map((one) => JSON.stringify(one)).join('\n');
      const answer = await postAs(type, 'bundles', Buffer.from(lines));
      expect(answer).toMatchObject({ status: 200, body: { summary: { created: 2 } } });
    },
  );
});

describe('415, and nothing is stored', () => {
  it.each([
    [undefined],
    ['text/plain'],
    ['application/xml'],
    ['application/octet-stream'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/json+x'],
    ['application/jsonp'],
    ['application/json\ta'],
    ['application/json garbage'],
    ['application/json, text/plain'],
    ['text/json'],
    ['json'],
    ['*/*'],
    ['application/*'],
    ['application/json; charset=utf-16'],
    ['application/json; charset=latin1'],
    ['application/json; version=2.1; charset=iso-8859-1'],
    ['application/stix+json; version=two'],
    ['application/stix+json; version=2.1; version=2.1'],
    ['application/json; charset="utf-8'],
    ['application/json; charset=utf-80'],
    ['application/stix+json; version=2.1; version=1.0'],
    ['application/taxii+json;version=2.1'],
    ['application/json; boundary=x'],
    ['application/x-ndjson garbage'],
    ['application/x-ndjson; charset=utf-16'],
  ])('%s', async (type) => {
    const before = await rowCounts(tocsin);
    const answer = await postAs(type);
    expect(answer.status).toBe(415);
    expect(answer.body).toMatchObject({ code: 'content_type_unsupported', status: 415 });
    expect(await rowCounts(tocsin)).toEqual(before);
  });

  it('names what each route takes', async () => {
    const taken = async (path: string) => (await postAs('text/plain', path)).body['detail'];
    expect(await taken('bundles')).toMatch(/^Send application\/json.*application\/x-ndjson/);
    expect(await taken('subscriptions')).toBe('Send application/json.');
  });

  it.each(['application/xml', 'text/xml; charset=utf-8', 'application/stix+xml'])(
    '%s, and names the way from STIX 1.x to JSON',
    async (type) => {
      const xml = Buffer.from('<?xml version="1.0"?><stix:STIX_Package/>');
      for (const path of ['bundles', 'validate', 'indicators']) {
        const answer = await postAs(type, path, xml);
        expect(answer).toMatchObject({ status: 415, body: { code: 'content_type_unsupported' } });
        expect(answer.body).toMatchObject({ detail: expect.stringContaining('stix2-elevator') });
      }
    },
  );

  it('lines where one object is taken', async () => {
    const line = Buffer.from(JSON.stringify(indicator()));
    for (const path of ['indicators', 'subscriptions']) {
      const answer = await postAs('application/x-ndjson', path, line);
      expect(answer).toMatchObject({ status: 415, body: { code: 'content_type_unsupported' } });
    }
  });
});

/** The status of GET /changes, and the type of its answer. */
async function readAs(accept: string): Promise<[number, string | undefined]> {
  const headers = { 'x-api-key': alice.key, accept };
  const response = await fetch(`${tocsin.url}/api/v1/changes`, { headers });
  await response.arrayBuffer();
  return [response.status, response.headers.get('content-type')?.split(';')[0]];
}

it.each([
  ['application/stix+json', 'application/json'],
  ['application/stix+json;version=2.1', 'application/json'],
  ['application/stix+json; version="2.1"; q=0.9, text/html', 'application/json'],
  ['application/vnd.oasis.stix+json; version=2.0', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/*', 'application/json'],
  ['*/*', 'application/json'],
  ['text/html, */*; q=0.1', 'application/json'],
  ['application/x-ndjson', 'application/x-ndjson'],
  ['application/x-ndjson;charset=utf-8', 'application/x-ndjson'],
  ['application/json;q=0.1, application/x-ndjson', 'application/x-ndjson'],
  ['application/x-ndjson;q=0.1, application/stix+json', 'application/json'],
  ['application/json;q=0, */*', 'application/x-ndjson'],
])('answers `Accept: %s` with %s', async (accept, type) => {
  expect(await readAs(accept)).toEqual([200, type]);
});

it.each(['text/html', 'application/xml', 'application/stix+json;q=0', 'image/*'])(
  'answers `Accept: %s` with 406',
  async (accept) => {
    expect(await readAs(accept)).toEqual([406, 'application/problem+json']);
  },
);

it('does not let a content type lead round the checks of a body', async () => {
  const wish = { url: 'http://127.0.0.1:9/', nonsense: true };
  for (const type of ['application/json', 'application/json ;', 'application/json;\t']) {
    const answer = await postAs(type, 'subscriptions', Buffer.from(JSON.stringify(wish)));
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  }
});

it('says that a body is missing', async () => {
  for (const path of ['bundles', 'indicators']) {
    for (const type of ['application/json', undefined]) {
      const response = await fetch(`${tocsin.url}/api/v1/${path}`, {
        method: 'POST',
        headers: {
          'x-api-key': alice.key,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
      });
      expect([path, type, response.status]).toEqual([path, type, 400]);
      expect(await response.json()).toMatchObject({ code: 'body_missing' });
    }
  }
});
