/** Plain lists that are made to cost much, to say more than they may, or to learn what others share. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug } from '../support/actors.ts';
import { aHost, ListClient, resultsOf } from '../support/lists.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let mallory: ListClient;
let alice: ListClient;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = new ListClient(await anActor(tocsin, { communities: [slug()] }));
  mallory = new ListClient(await anActor(tocsin, { communities: [slug()] }));
});
afterAll(() => tocsin.close());

describe('a list', () => {
  it('tells nothing of values that others share', async () => {
    const [known, unknown] = [aHost(), aHost()];
    expect(outcomes(await alice.text(known))).toEqual(['created']);
    const answered = async (host: string, query: object) => {
      const [{ id: _, ...result } = { id: '' }] = resultsOf(await mallory.text(host, query));
      return JSON.stringify(result).replaceAll(host, 'host');
    };
    for (const query of [{ dry_run: true }, {}]) {
      expect(await answered(known, query)).toBe(await answered(unknown, query));
    }
  });

  it('has lines that are too long for a value, and is read to its end', async () => {
    const list = `${'a'.repeat(1_000_000)}\n${'b'.repeat(5000)}.example\n${aHost()}\n`;
    const results = resultsOf(await mallory.text(list));
    expect(results.map(({ line, code, outcome }) => [line, code ?? outcome])).toEqual([
      [1, 'value_too_long'],
      [2, 'value_too_long'],
      [3, 'created'],
    ]);
    expect(Math.max(...results.map(({ given }) => given.length))).toBeLessThan(300);
    const cell = resultsOf(await mallory.csv(`value\n${'a'.repeat(1_000_000)}\n${aHost()}\n`));
    expect(cell.map(({ code, outcome }) => code ?? outcome)).toEqual(['value_too_long', 'created']);
  });

  it.each([
    ['a quote that never ends', `value\n"${'a,\n'.repeat(1_000_000)}`],
    ['a row that never ends', `value\n${'a,'.repeat(1_500_000)}`],
    ['a header that never ends', 'a'.repeat(3_000_000)],
  ])('with %s is refused', async (_, table) => {
    const response = await mallory.csv(table);
    expect([response.status, response.body]).toMatchObject([400, { code: 'invalid_csv' }]);
  });

  it('has columns up to a limit', async () => {
    const columns = (count: number) => `value${',x'.repeat(count - 1)}\n${aHost()}\n`;
    expect(outcomes(await mallory.csv(columns(500)))).toEqual(['created']);
    expect((await mallory.csv(columns(501))).body).toMatchObject({ code: 'invalid_csv' });
  });

  it('has as many JSON values as a bundle has objects', async () => {
    const values = Array.from({ length: 50_001 }, (_, i) => `${i}`);
    const response = await mallory.json({ values });
    expect(response.status).toBe(413);
    const long = await mallory.json({ values: ['a'.repeat(7_000_000)] });
    expect([long.status, long.body]).toMatchObject([413, { code: 'body_too_large' }]);
  });

  it('of very many lines that are nothing has a result for each', async () => {
    const count = 100_000;
    const results = resultsOf(await mallory.text('garbage\n'.repeat(count)));
    expect(results).toHaveLength(count);
    expect(results.at(-1)).toMatchObject({ index: count - 1, line: count, outcome: 'rejected' });
  });

  it('cannot put names, ids or markings into its indicators', async () => {
    const value = "C:\\x' OR file:name = 'y\\a.exe";
    const [result] = resultsOf(
      await mallory.csv(`value,id,created_by_ref\n"${value}",indicator--1,identity--2\n`),
    );
    expect(result?.outcome).toBe('created');
    const object = await mallory.stored(result?.id ?? '');
    expect(object).toMatchObject({
      created_by_ref: mallory.actor.identity,
      pattern:
        "[file:name = 'a.exe' AND file:parent_directory_ref.path = 'C:\\\\x\\' OR file:name = \\'y']",
    });
    const json = await mallory.json({ values: [{ value: aHost(), object_marking_refs: [] }] });
    expect(outcomes(json)).toEqual(['value_context_invalid']);
  });
});
