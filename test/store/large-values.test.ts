import { afterAll, beforeAll, expect, it } from 'vitest';
import { queryAside, withLargeValues } from '../../src/store/postgres/large-values.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

/** What the database was sent, and whose token stands for nothing any more. */
async function echo(token: string | undefined) {
  const [row] = await tocsin.db.server.$queryRaw<{ said: string }[]>`select ${token}::text as said`;
  return row?.said;
}

it('sends text and bytes in the place of their tokens', async () => {
  const values = ['grüße \\ "quoted"', Buffer.from([0, 1, 255])];
  const found = await withLargeValues(
    values,
    ([text, bytes]) => tocsin.db.server.$queryRaw`
      select ${text}::text as text, encode(${bytes}::bytea, 'hex') as bytes`,
  );
  expect(found).toEqual([{ text: values[0], bytes: '0001ff' }]);
});

it('leaves alone what only looks like a token, and forgets values afterwards', async () => {
  let kept: string | undefined;
  await withLargeValues(['mine'], async ([token]) => {
    kept = token;
    expect(await echo('large-value:of-a-stranger')).toBe('large-value:of-a-stranger');
    expect(await echo(token)).toBe('mine');
  });
  expect(await echo(kept)).toBe(kept);
});

it('forgets values when the statement fails', async () => {
  let kept: string | undefined;
  const failing = withLargeValues(['x'], ([token]) => {
    kept = token;
    return tocsin.db.server.$queryRaw`select ${token}::integer`;
  });
  await expect(failing).rejects.toThrow(/integer/);
  expect(await echo(kept)).toBe(kept);
});

it('takes rows aside, past the client', async () => {
  let told: unknown;
  const rows = await queryAside('grüße', async (token) => {
    told = await tocsin.db.server.$queryRaw`
      select n, ${token}::text as said, null as nothing from generate_series(1, 2) as n`;
  });
  expect(rows).toEqual([
    [1, 'grüße', null],
    [2, 'grüße', null],
  ]);
  expect(told).toEqual([]);
});

it('takes nothing aside of other statements, nor of one that fails', async () => {
  const rows = await queryAside('mine', async (token) => {
    expect(await echo('another')).toBe('another');
    await tocsin.db.server.$queryRaw`select ${token}::text`;
  });
  expect(rows).toEqual([['mine']]);
  const failing = queryAside('x', (token) => tocsin.db.server.$queryRaw`select ${token}::integer`);
  await expect(failing).rejects.toThrow(/integer/);
});

it('refuses to lose the rows of a statement in a transaction', async () => {
  const lost = queryAside('x', (token) =>
    tocsin.db.server.$transaction((tx) => tx.$queryRaw`select ${token}::text`),
  );
  await expect(lost).rejects.toThrow('through a pool');
});
