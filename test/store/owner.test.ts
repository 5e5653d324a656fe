import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, it } from 'vitest';
import { createKeyring } from '../../src/keyring.ts';
import { createOrganisation } from '../../src/members/create.ts';
import { authenticate } from '../../src/access/authenticate.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { sequenceInbox } from '../../src/store/content/log.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { acceptAs } from '../support/accept.ts';
import { indicator } from '../support/builders.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { manualClock } from '../support/manual-clock.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A database whose owner is a role without any attribute, as a provider would give it. */
async function withPlainOwner(work: (url: string) => Promise<void>): Promise<void> {
  const name = `tocsin_owner_${randomBytes(4).toString('hex')}`;
  const url = new URL(await freshDatabaseUrl({ migrated: false }));
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  try {
    await admin.query(`create role ${name} login password 'secret'`);
    await admin.query(`grant ${name} to current_user`);
    await admin.query(`alter database ${url.pathname.slice(1)} owner to ${name}`);
    // The roles belong to the cluster, and are there since the tests' own migrations.
    await admin.query(`grant tocsin_app, tocsin_server to ${name}`);
    url.username = name;
    url.password = 'secret';
    await work(url.href);
  } finally {
    await admin.query(`reassign owned by ${name} to current_user`);
    await admin.query(`drop owned by ${name}`);
    await admin.query(`drop role ${name}`);
    await admin.end();
  }
}

async function founds(db: Database): Promise<void> {
  const facts = { name: 'A', kind: 'industry', ceiling: 'red', defaultTlp: 'amber' } as const;
  await createOrganisation(db, { slug: 'plain', communities: ['c'], ...facts }, 'test');
}

it('an owner that is not a superuser migrates, shares and sequences', async () => {
  await withPlainOwner(async (url) => {
    await migrate({ url, logger: SILENT });
    const db = openDatabase({ url, poolMax: 2, onError: () => undefined });
    try {
      await founds(db);
      expect(await acceptAs(db, 'plain', [indicator()])).toMatchObject([{ outcome: 'created' }]);
      expect(await sequenceInbox(db, 10)).toEqual({ moved: 1, head: 1 });
      expect(await sequenceInbox(db, 10)).toEqual({ moved: 0, head: 1 });
      const keyring = createKeyring(randomBytes(32));
      const presented = { key: 'x', address: '127.0.0.1' };
      const context = { db, keyring, clock: manualClock() };
      await expect(authenticate(context, presented)).rejects.toThrow();
    } finally {
      await db.close();
    }
  });
});
