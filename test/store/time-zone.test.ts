import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

const AT = new Date('2026-01-02T03:04:05.678Z');
let url: string;
let db: Database;

beforeAll(async () => {
  url = await freshDatabaseUrl();
  // Of the server's configuration, or of the account.
  const name = new URL(url).pathname.slice(1);
  await query(url, `alter database ${name} set timezone = 'Asia/Tokyo'`);
  db = openDatabase({ url, poolMax: 2, onError: () => undefined });
});
afterAll(() => db.close());

/** What is stored as the moment at which a worker was seen, in ms since 1970. */
async function stored(): Promise<unknown> {
  const [row] = await query(url, 'select extract(epoch from seen_at) * 1000 as ms from worker');
  return Number(row?.['ms']);
}

it('a time is the same in the code and in a database of another zone', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  await db.server
    .$executeRaw`insert into worker (id, seen_at) values (${id}::uuid, ${AT}::timestamptz)`;
  expect(await stored()).toBe(AT.getTime());
  const [raw] = await db.server.$queryRaw<{ seenAt: Date }[]>`
    select seen_at as "seenAt" from worker where seen_at = ${AT}::timestamptz`;
  expect(raw?.seenAt).toEqual(AT);
  await db.server.worker.updateMany({ where: { id }, data: { seenAt: new Date(0) } });
  expect(await stored()).toBe(0);
  await query(url, "update worker set seen_at = date_trunc('milliseconds', now())");
  const [typed] = await db.server.worker.findMany({ where: { id }, select: { seenAt: true } });
  expect(typed?.seenAt.getTime()).toBe(await stored());
});
