import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';

let directory: string;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(() => removeTestDirectory(directory));

describe('settings that cannot be', () => {
  it.each([
    ['TOCSIN_EGRESS_ALLOW', '192.0.2.0/24, intranet', 'intranet'],
    ['TOCSIN_TRUSTED_PROXIES', '192.0.2.1', '192.0.2.1'],
    ['TOCSIN_TRUSTED_PROXIES', '2001:db8::/129', '2001:db8::/129'],
  ])('%s=%s names the range that is none', (name, value, wrong) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      `\`${name}\` must be ranges of addresses such as 192.0.2.0/24, not "${wrong}"`,
    );
  });

  it.each(['', '\n', 'db.example.org', 'https://db.example.org/tocsin'])(
    'DATABASE_URL_FILE is checked as DATABASE_URL is, and not quoted: %j',
    async (text) => {
      const file = join(directory, 'url');
      await writeFile(file, text);
      const read = () => readConfig({ DATABASE_URL_FILE: file });
      expect(read).toThrow(
        /DATABASE_URL_FILE: .*url does not hold the URL of a PostgreSQL database/,
      );
      expect(read).not.toThrow(/tocsin$|db\.example\.org/);
    },
  );

  it.each([
    ['TOCSIN_DATADIR', 'Did you mean `TOCSIN_DATA_DIR`?'],
    ['TOCSIN_EGRES_ALLOW', 'Did you mean `TOCSIN_EGRESS_ALLOW`?'],
    ['tocsin_data_dir', 'Did you mean `TOCSIN_DATA_DIR`?'],
    ['TOCSIN_PORT', 'Did you mean `PORT`?'],
    ['TOCSIN_FAVOURITE_COLOUR_OF_ALL', 'Remove it.'],
  ])('%s is unknown: %s', (name, advice) => {
    expect(() => readConfig({ [name]: 'x' })).toThrow(
      `\n  Unknown setting: \`${name}\`. ${advice}`,
    );
  });

  it('are all named at once, with their values but for those that may hold a password', () => {
    const read = () =>
      readConfig({ PORT: 'http', LOG_LEVEL: 'loud', DATABASE_URL: 'my:secret', TOCSIN_DIR: '' });
    expect(read).toThrow(/^Invalid settings:\n/);
    expect(read).toThrow(/\n  `PORT` must be a whole number .*, not "http"/);
    expect(read).toThrow(/\n  `LOG_LEVEL` must be .*info.*, not "loud"/);
    expect(read).toThrow(/\n  `DATABASE_URL` must be /);
    expect(read).not.toThrow(/my:secret/);
  });

  it('are not what other programs read', () => {
    expect(() => readConfig({ TOCSIN_KEY: 'tocsin_1_2', TOCSIN_LISTEN: '8080' })).not.toThrow();
  });

  it('are distinguished from those that can be', async () => {
    const file = join(directory, 'url');
    await writeFile(file, 'postgresql://tocsin:secret@db.example.org/tocsin\n');
    expect(
      readConfig({ DATABASE_URL_FILE: file, TOCSIN_EGRESS_ALLOW: '192.0.2.0/24, 2001:db8::/32' }),
    ).toMatchObject({
      databaseUrl: 'postgresql://tocsin:secret@db.example.org/tocsin',
      egressAllow: ['192.0.2.0/24', '2001:db8::/32'],
      metricsPort: undefined,
    });
  });
});
