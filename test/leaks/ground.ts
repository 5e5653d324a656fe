/** A server with a PostgreSQL of its own, for histories outside of a test run. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { startTestCluster } from '../support/cluster.ts';
import { databaseUrl } from '../support/template.ts';
import { startTocsin } from '../support/tocsin.ts';
import { receiveWebhooks } from '../support/webhooks.ts';
import { prepareGround, UNLIMITED, type Ground } from './world.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Runs `work` on grounds, each of which has a database of its own; nothing is left of them. */
export async function withGrounds<T>(
  work: (onGround: <R>(use: (ground: Ground) => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const cluster = await startTestCluster(SILENT);
  try {
    return await work((use) => onGround(cluster.url, use));
  } finally {
    await cluster.stop();
  }
}

async function onGround<R>(adminUrl: string, use: (ground: Ground) => Promise<R>): Promise<R> {
  const name = `leaks_${randomBytes(4).toString('hex')}`;
  await asAdmin(adminUrl, `create database ${name}`);
  const url = databaseUrl(adminUrl, name);
  await migrate({ url, logger: SILENT });
  const tocsin = await startTocsin({
    roles: ['http', 'worker'],
    databaseUrl: url,
    settings: UNLIMITED,
  });
  const webhooks = await receiveWebhooks();
  try {
    return await use(await prepareGround(tocsin, webhooks));
  } finally {
    await tocsin.close();
    await webhooks.close();
    await asAdmin(adminUrl, `drop database ${name} with (force)`);
  }
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
