/** `POST /values`: lists as text and as JSON. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes } from '../support/actors.ts';
import { aHost, ListClient, resultsOf } from '../support/lists.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let cert: ListClient;

beforeAll(async () => {
  tocsin = await startTocsin();
  cert = new ListClient(await anActor(tocsin));
});
afterAll(() => tocsin.close());

describe('text', () => {
  it('has comments and empty lines, and CRLF', async () => {
    const [one, two] = [aHost(), aHost()];
    const results = resultsOf(
      await cert.text(`\ufeff# list\r\n\r\n${one}\r\n; note\r\n${two} # why\r\n`),
    );
    expect(results.map(({ line, value }) => [line, value])).toEqual([
      [3, one],
      [5, two],
    ]);
  });

  it('heeds the level of its comments where that is stricter', async () => {
    const list = () => `# TLP:AMBER+STRICT - do not pass on\n${aHost()}\n`;
    const levels = async (query: object) =>
      resultsOf(await cert.text(list(), query)).map((one) => (one as { tlp?: string }).tlp);
    expect(await levels({ tlp: 'green' })).toEqual(['amber+strict']);
    expect(await levels({})).toEqual(['amber+strict']);
  });

  it('of a context that is wrong is refused before it is read', async () => {
    const response = await cert.text(aHost(), { tlp: 'purple' });
    expect([response.status, response.body]).toMatchObject([
      400,
      { code: 'invalid_request', path: 'querystring.tlp' },
    ]);
    const unknown = await cert.text(aHost(), { label: 'x' });
    expect(unknown.body).toMatchObject({ code: 'invalid_request', path: 'querystring.label' });
    const columns = await cert.text(aHost(), { columns: 'value' });
    expect(columns.body).toMatchObject({ code: 'invalid_request', path: 'querystring.columns' });
  });

  it.each([
    ['another charset', Buffer.from('bücher.example\n', 'latin1'), 'text/plain', 400, 'not_utf8'],
    ['UTF-16', Buffer.from('\ufeffa.example\n', 'utf16le'), 'text/plain', 400, 'not_utf8'],
    [
      'a charset that it names',
      'a.example',
      'text/plain; charset=iso-8859-1',
      415,
      'content_type_unsupported',
    ],
    [
      'a table of another charset',
      Buffer.from('value\nbücher.example\n', 'latin1'),
      'text/csv',
      400,
      'not_utf8',
    ],
    ['only comments', '# nothing\n\n', 'text/plain', 400, 'list_empty'],
    ['a type that is not taken', 'a.example', 'text/html', 415, 'content_type_unsupported'],
    ['one object a line', '{}\n', 'application/x-ndjson', 415, 'content_type_unsupported'],
  ])('of %s is refused', async (_, body, type, status, code) => {
    const response = await cert.text(body, {}, type);
    expect([response.status, response.body]).toMatchObject([status, { code }]);
  });

  it('names the values of a line that could not be stored', async () => {
    const results = resultsOf(await cert.text(`a\0.example\nC:\\a\0b.exe\n${aHost()}\n`));
    expect(results.map(({ code, outcome }) => code ?? outcome)).toEqual([
      'value_not_recognised',
      'value_not_recognised',
      'created',
    ]);
    const inCell = resultsOf(await cert.csv(`value,note\n${aHost()},a\0b\n`));
    expect(inCell[0]?.code).toBe('nul_character');
  });
});

describe('JSON', () => {
  it.each([
    ['no values', { values: [] }, 400, 'invalid_request', 'body.values'],
    ['values that are not a list', { values: 'a.example' }, 400, 'invalid_request', 'body.values'],
    [
      'an unknown member',
      { values: ['a.example'], label: 'x' },
      400,
      'invalid_request',
      'body.label',
    ],
    [
      'a level that does not exist',
      { values: ['a.example'], tlp: 'purple' },
      400,
      'invalid_request',
      'body.tlp',
    ],
    [
      'an audience',
      { values: ['a.example'], audience: 'allies' },
      400,
      'invalid_request',
      '$.audience',
    ],
  ])('with %s is refused', async (_, body, status, code, path) => {
    const response = await cert.json(body);
    expect([response.status, response.body]).toMatchObject([status, { code, path }]);
  });

  it('refuses a context in the query', async () => {
    const response = await cert.json({ values: [aHost()] }, { tlp: 'red' });
    expect(response.body).toMatchObject({ code: 'invalid_request', path: 'querystring.tlp' });
  });

  it('rejects entries that are not values, and no others', async () => {
    const values = [
      7,
      null,
      [],
      {},
      { value: aHost(), colour: 'x' },
      { value: aHost(), type: 'domain' },
    ];
    expect(outcomes(await cert.json({ values }))).toEqual([
      'value_not_recognised',
      'value_not_recognised',
      'value_not_recognised',
      'value_not_recognised',
      'value_context_invalid',
      'created',
    ]);
  });
});
