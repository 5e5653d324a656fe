/** Replacing the master secret, and commands that are given another one than the server's. */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { signHead } from '../../src/audit/checkpoint.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let directory: string;
let newFile: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  directory = await testDirectory();
  newFile = join(directory, 'new');
  await writeFile(newFile, randomBytes(32).toString('hex'), { mode: 0o600 });
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true, force: true });
});

const run = (args: string[], TOCSIN_SECRET_FILE: string, TOCSIN_SECRET_FILE_OLD?: string) =>
  runCommand(args, {
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_DATA_DIR: directory,
    TOCSIN_SECRET_FILE,
    ...(TOCSIN_SECRET_FILE_OLD === undefined ? {} : { TOCSIN_SECRET_FILE_OLD }),
  });

const acts: string[][] = [
  ['org', 'list'],
  ['key', 'create', '--org', 'owner', '--role', 'feed'],
  ['audit', 'checkpoint'],
];

async function refused(file: string): Promise<void> {
  for (const args of acts) {
    const { code, out, err } = await run(args, file);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('is not the one that this database uses now');
  }
}

async function worksWith(...files: [string, string?]): Promise<void> {
  for (const args of acts) expect(await run(args, ...files)).toMatchObject({ code: 0, err: '' });
}

it('commands refuse another secret, and the audit can be verified after it was replaced', async () => {
  const oldFile = tocsin.secretFile;
  await worksWith(oldFile);
  await refused(newFile);

  const replacing = { TOCSIN_SECRET_FILE: newFile, TOCSIN_SECRET_FILE_OLD: oldFile };
  await (await tocsin.another(['http', 'worker'], replacing)).close();
  // A process that has not been restarted signs nothing by the old key alone.
  const act = ['key', 'create', '--org', 'owner', '--role', 'feed'];
  expect(await run(act, newFile, oldFile)).toMatchObject({ code: 0 });
  await chainAll(tocsin.db);
  await expect(signHead(tocsin.db, tocsin.keyring)).rejects.toThrow('was replaced');
  await worksWith(newFile, oldFile);

  await worksWith(newFile);
  await refused(oldFile);
  const verified = await run(['audit', 'verify', '--json'], newFile);
  expect([verified.code, JSON.parse(verified.out)]).toMatchObject([0, { ok: true, unsigned: 0 }]);
});

it('a checkpoint that names an earlier key is trusted only under a key that is', async () => {
  const strangers = join(directory, 'stranger');
  await writeFile(strangers, randomBytes(32).toString('hex'), { mode: 0o600 });
  await refused(strangers);
  // The owner of the tables cannot write a name into what was signed.
  const note = "replace(note, 'earlier tocsin', 'earlier owner')";
  await tocsin.sql('alter table audit_checkpoint disable trigger user');
  await tocsin.sql(`update audit_checkpoint set note = ${note} where note like '%earlier%'`);
  const { code, out } = await run(['audit', 'verify', '--json'], newFile);
  expect([code, JSON.parse(out)]).toMatchObject([1, { fault: { kind: 'forged' } }]);
});
