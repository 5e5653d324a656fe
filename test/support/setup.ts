import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { startTestCluster } from './cluster.ts';
import { databaseUrl, dropDeadDatabases, readSeeds } from './template.ts';
import type { Seed } from './template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testDatabase: {
      /** Of a database beside the tests' own, as a role that may create and drop databases. */
      adminUrl: string;
      /** The migrated database that every test database is a copy of. */
      template: string;
      /** What the migrations put into the tables. */
      seeds: Seed[];
    };
  }
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Before the run: a PostgreSQL (TOCSIN_TEST_DATABASE_URL, or an embedded one of this run's own) with
 * a migrated template. After it, or when it is interrupted: nothing is left.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env['TOCSIN_TEST_DATABASE_URL'];
  const cluster =
    external === undefined
      ? await startTestCluster(SILENT)
      : { url: external, stop: () => Promise.resolve() };
  const run = `tocsin_test_${randomBytes(4).toString('hex')}`;
  // Its session, for as long as it lasts, tells other runs that our databases are not leftovers.
  const admin = new Client({ connectionString: cluster.url, application_name: run });
  admin.on('error', () => undefined);
  await admin.connect();
  await dropDeadDatabases(admin);
  await admin.query(`create database ${run}`);
  const templateUrl = databaseUrl(cluster.url, run);
  await migrate({ url: templateUrl, logger: SILENT });
  const seeds = await readSeeds(templateUrl);
  project.provide('testDatabase', { adminUrl: cluster.url, template: run, seeds });
  return async () => {
    const { rows } = await admin.query<{ datname: string }>(
      `select datname from pg_database where datname ^@ $1`,
      [run],
    );
    for (const { datname } of rows) {
      await admin.query(`drop database if exists ${datname} with (force)`);
    }
    await admin.end();
    await cluster.stop();
  };
}
