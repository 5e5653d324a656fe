import { afterAll, beforeAll, expect, it } from 'vitest';
import { withLargeValues } from '../../src/store/large-values.ts';
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
