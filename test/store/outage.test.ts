import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { isOutage, isStorageFull } from '../../src/store/postgres/outage.ts';
import { testDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

describe('an outage of the database', () => {
  let db: Database | undefined;
  const open = (url: string): Database =>
    (db = openDatabase({ url, poolMax: 2, onError: () => undefined }));
  const failure = (work: PromiseLike<unknown>): Promise<unknown> =>
    Promise.resolve(work).then(
      () => undefined,
      (error: unknown) => error,
    );

  afterEach(() => db?.close());

  it('is recognised if nothing listens', async () => {
    const { server } = open(await closedUrl());
    expect(await failure(server.$queryRaw`select 1`)).toSatisfy(isOutage);
    expect(await failure(server.$transaction((tx) => tx.$queryRaw`select 1`))).toSatisfy(isOutage);
  });

  it('is recognised if a session is ended', async () => {
    const url = await testDatabaseUrl();
    const ended = failure(open(url).server.$queryRaw`select pg_sleep(30)`);
    const end = () =>
      query(
        url,
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like '%pg_sleep(30)%'
            and pid <> pg_backend_pid()`,
      );
    await expect.poll(end).toHaveLength(1);
    expect(await ended).toSatisfy(isOutage);
  });

  it('is not told of a statement that is wrong', async () => {
    const { server } = open(await testDatabaseUrl());
    const error = await failure(server.$queryRaw`select 1 / 0`);
    expect(error).toBeInstanceOf(Error);
    expect(isOutage(error)).toBe(false);
  });
});

describe('a full disk', () => {
  const coded = (code: string): Error => Object.assign(new Error('it failed'), { code });

  it.each([
    ['one of our own files', coded('ENOSPC')],
    ['a quota of the file system', coded('EDQUOT')],
    ['the database, as its driver tells it', coded('53100')],
    [
      'the memory of the database, as Prisma tells it',
      Object.assign(new Error('x'), {
        code: 'P2010',
        meta: { driverAdapterError: { cause: { originalCode: '53200' } } },
      }),
    ],
    [
      'the database, as its adapter tells it at a commit',
      new Error('x', { cause: { originalCode: '53100' } }),
    ],
    ['whatever came of it', new Error('x', { cause: coded('ENOSPC') })],
  ])('is recognised by %s', (_, error) => {
    expect(isStorageFull(error)).toBe(true);
    expect(isOutage(error)).toBe(false);
  });

  it('recognises what the database itself raises', async () => {
    const db = openDatabase({
      url: await testDatabaseUrl(),
      poolMax: 2,
      onError: () => undefined,
    });
    try {
      const raise = `do $$ begin raise exception 'no room' using errcode = '53100'; end $$`;
      const single = db.server.$executeRawUnsafe(raise);
      await expect(single).rejects.toSatisfy(isStorageFull);
      const within = db.server.$transaction((tx) => tx.$executeRawUnsafe(raise));
      await expect(within).rejects.toSatisfy(isStorageFull);
    } finally {
      await db.close();
    }
  });

  it('is not told of what only names such a number', () => {
    expect(isStorageFull(new Error('Unknown audience: 53100'))).toBe(false);
    expect(isStorageFull(coded('EACCES'))).toBe(false);
  });
});

/** The URL of a database at a port that was free a moment ago. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `postgres://nobody:nothing@127.0.0.1:${port}/none`;
}
