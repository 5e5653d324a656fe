import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadKeyring } from '../../src/commands/master-secret.ts';
import { openStore } from '../../src/commands/open.ts';
import { readConfig } from '../../src/config.ts';
import { pepper, type Keyring } from '../../src/keyring.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { createLogger } from '../../src/telemetry.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { testDatabaseUrl } from '../support/database.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await testDirectory();
});
afterEach(() => removeTestDirectory(dataDir));

const configOf = (directory: string, more = {}) =>
  readConfig({ TOCSIN_DATA_DIR: directory, ...more });
const mark = (keyring: Keyring) => pepper(keyring, 'of the same secret').toString('hex');

describe('the master secret of the embedded database', () => {
  it('is made once, whole, however many start at once', async () => {
    const keyrings = await Promise.all(
      Array.from({ length: 8 }, () => loadKeyring(configOf(dataDir))),
    );
    const secret = await readFile(join(dataDir, 'master.secret'), 'utf8');
    expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
    expect(new Set(keyrings.map(mark)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['master.secret']);
  });

  it('is refused a new one when it was lost, and nothing is made', async () => {
    const before = await loadKeyring(configOf(dataDir));
    const server = await startEmbedded({
      dataDir,
      settings: HASTY,
      logger: createLogger('silent'),
    });
    await server.stop();
    expect(mark(await loadKeyring(configOf(dataDir)))).toBe(mark(before));
    await rm(join(dataDir, 'master.secret'));
    const left = await readdir(dataDir);
    await expect(loadKeyring(configOf(dataDir))).rejects.toMatchObject({
      code: 'master_secret_missing',
      message: expect.stringMatching(/master\.secret.*Restore the file from your backup/),
    });
    expect(await readdir(dataDir)).toEqual(left);
  });
});

describe('a data directory that cannot be one', () => {
  it.each(['file', join('file', 'below')])('is refused in words: %s', async (name) => {
    await writeFile(join(dataDir, 'file'), '');
    const refusal = loadKeyring(configOf(join(dataDir, name)));
    await expect(refusal).rejects.toMatchObject({
      code: 'data_directory_unusable',
      message: expect.stringMatching(/TOCSIN_DATA_DIR/),
    });
  });

  it('is refused before the admin key is made, which would be lost', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const secretFile = join(dataDir, 'secret');
    await writeFile(secretFile, randomBytes(32).toString('hex'));
    const DATABASE_URL = await testDatabaseUrl();
    const given = { DATABASE_URL, TOCSIN_SECRET_FILE: secretFile };
    const logger = createLogger('silent');
    const refused = openStore(configOf(join(dataDir, 'file'), given), logger);
    await expect(refused).rejects.toMatchObject({ code: 'data_directory_unusable' });
    const store = await openStore(configOf(join(dataDir, 'data'), given), logger);
    try {
      const keys = await store.db.server.$queryRaw`select id from api_key`;
      expect(keys).toHaveLength(1);
    } finally {
      await store.close();
    }
  });
});
