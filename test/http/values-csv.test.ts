/** `POST /values`: tables as CERTs have them. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes } from '../support/actors.ts';
import { TLP } from '../support/builders.ts';
import { aHost, ListClient, resultsOf } from '../support/lists.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let cert: ListClient;

beforeAll(async () => {
  tocsin = await startTocsin();
  cert = new ListClient(await anActor(tocsin));
});
afterAll(() => tocsin.close());

describe('CSV', () => {
  it('is read by the names of its columns', async () => {
    const [one, two] = [aHost(), aHost()];
    const table = `\ufeffIndicator;Type;Comment;Tags;TLP;Confidence;Valid Until;Score\r
${one};domain;"two\r
lines; and ""quotes""";a|b;TLP:GREEN;high;2030-01-31 12:00:00;7\r
\r
${two};hostname;;;;;;8\r
`;
    const response = await cert.csv(table, { labels: 'c' });
    expect(response.body).toMatchObject({
      columns: [
        { name: 'Indicator', field: 'value' },
        { name: 'Type', field: 'type' },
        { name: 'Comment', field: 'description' },
        { name: 'Tags', field: 'labels' },
        { name: 'TLP', field: 'tlp' },
        { name: 'Confidence', field: 'confidence' },
        { name: 'Valid Until', field: 'valid_until' },
        { name: 'Score', field: null },
      ],
      warnings: [{ code: 'column_unknown', path: 'column Score' }],
    });
    const results = resultsOf(response);
    expect(results.map(({ line, value }) => [line, value])).toEqual([
      [2, one],
      [5, two],
    ]);
    expect(await cert.stored(results[0]?.id ?? '')).toMatchObject({
      description: 'two\nlines; and "quotes"',
      labels: ['c', 'a', 'b'],
      confidence: 85,
      valid_until: '2030-01-31T12:00:00Z',
      object_marking_refs: [TLP.green],
    });
  });

  it.each([
    ['without a header', (host: string) => `${host},x\n`, {}],
    [
      'in the order of `columns`',
      (host: string) => `x,${host},phish\n`,
      { columns: '-,value,labels' },
    ],
    [
      'by headers of its own',
      (host: string) => `Entry-,Remarks\n${host},x\n`,
      { columns: 'Entry-:value,Remarks:description' },
    ],
    ['that Excel made', (host: string) => `sep=;\r\nIoC;Note\r\n${host};x\r\n`, {}],
    ['with tabs', (host: string) => `ioc\tnote\n${host}\tx\n`, {}],
    ['with lone carriage returns', (host: string) => `ioc,note\r${host},x\r`, {}],
  ])('%s is understood', async (_, table, query) => {
    const host = aHost();
    const results = resultsOf(await cert.csv(table(host), query));
    expect(results.map(({ value, outcome }) => [value, outcome])).toEqual([[host, 'created']]);
  });

  it('may have columns of several kinds, each value with a result of its own', async () => {
    const host = aHost();
    const md5 = createHash('md5').update(host).digest('hex');
    const results = resultsOf(await cert.csv(`domain,md5,sha1\n${host},${md5},\n,,nothing\n`));
    expect(results.map(({ line, column, type, code }) => [line, column, type ?? code])).toEqual([
      [2, 'domain', 'domain-name'],
      [2, 'md5', 'md5'],
      [3, 'sha1', 'value_not_recognised'],
    ]);
  });

  it('takes values of a named type at its word', async () => {
    const digest = createHash('md5').update(aHost()).digest('hex');
    const table = `type,value
filename,evil.com
ja3-fingerprint-md5,${digest}
mutex,Global\\M${digest}
ip-dst|port,192.0.2.9|8443
sha256,${digest}
strange,${aHost()}
`;
    const results = resultsOf(await cert.csv(table));
    expect(results.map(({ type, code }) => type ?? code)).toEqual([
      'file-name',
      'ja3',
      'mutex',
      'ipv4-addr',
      'value_not_recognised',
      'domain-name',
    ]);
    expect(results[3]?.port).toBe(8443);
    expect(results[5]?.warnings?.map(({ code }) => code)).toEqual(['value_type_unknown']);
  });

  it('rejects rows whose context cannot be read, and no others', async () => {
    const table = (hosts: string[]) => `value,tlp,confidence,valid_until\n${hosts[0]},purple,,
${hosts[1]},,110,
${hosts[2]},,,31.12.2030
${hosts[3]},,,2030-02-30
${hosts[4]},green,50,2030-01-31T12:00:00+02:00
`;
    const results = resultsOf(await cert.csv(table(Array.from({ length: 5 }, aHost))));
    expect(results.map(({ code, path, outcome }) => [code ?? outcome, path])).toEqual([
      ['value_context_invalid', '$.tlp'],
      ['value_context_invalid', '$.confidence'],
      ['value_context_invalid', '$.valid_until'],
      ['value_context_invalid', '$.valid_until'],
      ['created', undefined],
    ]);
  });

  it('never ignores a TLP level that it does not read', async () => {
    const hosts = Array.from({ length: 4 }, aHost);
    const table = `value,Handling,note\n${hosts[0]},TLP:RED,x\n${hosts[1]},amber,\n${hosts[2]},other,Traffic light\n${hosts[3]},,\n`;
    expect(outcomes(await cert.csv(table))).toEqual([
      'marking_misspelt',
      'marking_misspelt',
      'created',
      'created',
    ]);
    const asked = await cert.csv(table, { columns: 'Handling:tlp', audience: cert.actor.slug });
    expect(outcomes(asked)[0]).toBe('created');
    const labelled = resultsOf(await cert.csv(`value,tags\n${aHost()},tlp:green\n`));
    expect(labelled[0]).toMatchObject({ outcome: 'created', tlp: 'green' });
  });

  it.each([
    ['no column of values', 'a,b\nc,d\n', {}, 'columns_unknown', 'line 1'],
    ['two columns of the same field', 'ioc,value\nx,y\n', {}, 'columns_unknown', 'column value'],
    [
      'an audience in a column',
      `value,audience\nx.example,allies\n`,
      {},
      'invalid_request',
      'column audience',
    ],
    ['an unknown field', 'a\nb\n', { columns: 'valeu' }, 'invalid_request', 'querystring.columns'],
    [
      '`columns` in two ways',
      'a\nb\n',
      { columns: 'value,a:name' },
      'invalid_request',
      'querystring.columns',
    ],
    ['`columns` without a value', 'a\nb\n', { columns: 'labels' }, 'columns_unknown', 'line 1'],
    ['a quote that is not closed', 'value\n"a.example\n', {}, 'invalid_csv', 'line 2'],
    ['nothing', '', {}, 'list_empty', undefined],
    ['a header alone', 'value\n', {}, 'list_empty', undefined],
  ])('with %s is refused', async (_, table, query, code, path) => {
    const response = await cert.csv(table, query);
    expect([response.status, response.body]).toMatchObject([400, { code }]);
    expect((response.body as { path?: string }).path).toBe(path);
  });
});
