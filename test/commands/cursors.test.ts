import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeyring, withLogEpoch, type Keyring } from '../../src/keyring.ts';
import { openCursor, sealCursor } from '../../src/log/cursor.ts';
import { findLogEpoch } from '../../src/store/content/log.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { query } from '../support/tocsin-process.ts';

const READER = { organisationId: 1, realmId: 1 };

let tocsin: Tocsin;
let url: string;
let db: Database;
let directory: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  url = await freshDatabaseUrl();
  db = openDatabase({ url, poolMax: 2, onError: () => undefined });
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
});
afterAll(async () => {
  await Promise.all([tocsin.close(), db.close()]);
  await rm(directory, { recursive: true });
});

const reset = (databaseUrl: string) =>
  runCommand(['cursors', 'reset'], {
    DATABASE_URL: databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    TOCSIN_DATA_DIR: directory,
  });

async function keyring(): Promise<Keyring> {
  const secret = Buffer.from(await readFile(tocsin.secretFile, 'utf8'), 'hex');
  return withLogEpoch(createKeyring(secret), await findLogEpoch(db));
}

it('ends every cursor, and is recorded in the audit', async () => {
  const cursor = sealCursor(await keyring(), READER, 7);
  expect(openCursor(await keyring(), READER, cursor, 'after')).toBe(7);
  const { code, out, err } = await reset(url);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^All cursors have ended.*Replay the subscriptions/s);
  const now = await keyring();
  expect(() => openCursor(now, READER, cursor, 'after')).toThrow(/leave the cursor out/);
  expect(await query(url, "select actor from audit where action = 'log.begin_epoch'")).toEqual([
    { actor: 'command line' },
  ]);
});

it('is rejected while a server runs, which would continue with the old epoch', async () => {
  const epoch = await findLogEpoch(tocsin.db);
  expect(await reset(tocsin.databaseUrl)).toEqual({
    code: 1,
    out: '',
    err: 'tocsin: A server is running on this database. Stop all servers, run this command, and start them again.\n',
  });
  expect(await findLogEpoch(tocsin.db)).toBe(epoch);
});
