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
      `${name}: ${wrong} is no range of addresses: a CIDR`,
    );
  });

  it.each(['', '\n', 'db.example.org', 'https://db.example.org/tocsin'])(
    'DATABASE_URL_FILE is checked as DATABASE_URL is, and not quoted: %j',
    async (text) => {
      const file = join(directory, 'url');
      await writeFile(file, text);
      const read = () => readConfig({ DATABASE_URL_FILE: file });
      expect(read).toThrow(/DATABASE_URL_FILE: what .*url holds is not the URL of a PostgreSQL/);
      expect(read).not.toThrow(/tocsin$|db\.example\.org/);
    },
  );

  it('are told from those that can be', async () => {
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
