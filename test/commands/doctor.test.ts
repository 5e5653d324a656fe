import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentWith } from '../../src/config.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { createLogger } from '../../src/telemetry.ts';
import { query } from '../support/tocsin-process.ts';

const MAIN = join(import.meta.dirname, '../../src/commands/main.ts');

let directory: string;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(() => removeTestDirectory(directory));

/** What it says of this environment, and with what it ends. */
function doctor(settings: Record<string, string>): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, 'doctor'],
      { env: environmentWith(settings) },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

async function ofOwnDatabase(migrated: boolean): Promise<Record<string, string>> {
  const secret = join(directory, 'secret');
  await writeFile(secret, 'ab'.repeat(32));
  return {
    DATABASE_URL: await freshDatabaseUrl({ migrated }),
    TOCSIN_SECRET_FILE: secret,
    TOCSIN_DATA_DIR: join(directory, 'data'),
  };
}

describe('tocsin doctor', () => {
  it('says where there is nothing yet, and makes nothing', async () => {
    const { code, said } = await doctor({ TOCSIN_DATA_DIR: join(directory, 'data') });
    expect(said).toMatch(
      /^database +none in .*data: the directory does not exist\. "tocsin serve" creates one/m,
    );
    expect(code).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it('says in words where nothing can be', async () => {
    await writeFile(join(directory, 'file'), '');
    const { code, said } = await doctor({ TOCSIN_DATA_DIR: join(directory, 'file') });
    expect(said).toMatch(
      /^tocsin: .*file, or a directory above it, is a file\. Set TOCSIN_DATA_DIR/m,
    );
    expect(code).toBe(1);
  });

  it('tells of migrations that are pending, and applies none', async () => {
    const settings = await ofOwnDatabase(false);
    const { code, said } = await doctor(settings);
    expect(said).toMatch(/^migrations +\d+ migrations pending: "tocsin migrate"/m);
    expect(code).toBe(1);
    const tables = `select relname from pg_class where relnamespace = 'public'::regnamespace`;
    expect(await query(settings['DATABASE_URL'] ?? '', tables)).toEqual([]);
  });

  it('is content with a database of this version, and founds nothing in it', async () => {
    const settings = await ofOwnDatabase(true);
    const { code, said } = await doctor(settings);
    expect(said).toMatch(/^migrations +applied\nlog +0 rows/m);
    expect(code).toBe(0);
    const made = 'select id from api_key union select slug from organisation';
    expect(await query(settings['DATABASE_URL'] ?? '', made)).toEqual([]);
    expect(await readdir(directory)).toEqual(['secret']);
  });

  it('misses the master secret of an embedded database, and makes none', async () => {
    const server = await startEmbedded({
      dataDir: directory,
      settings: HASTY,
      logger: createLogger('silent'),
    });
    await server.stop();
    const { code, said } = await doctor({ TOCSIN_DATA_DIR: directory });
    expect(said).toMatch(/^tocsin: .*master\.secret.* does not exist/m);
    expect(code).toBe(1);
    expect(await readdir(directory)).not.toContain('master.secret');
  });
});
