import { chmod, chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../../src/store/postgres/connect.ts';
import { openDatabase } from '../../src/store/postgres/database.ts';
import { clusterDirectory } from '../../src/store/embedded/cluster.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { listen } from '../../src/store/postgres/listen.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { createLogger } from '../../src/telemetry.ts';
import { createCertificate } from '../egress/certificate.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../support/cluster.ts';

const logger = createLogger('silent');
const certificate = createCertificate('localhost');

let dataDir: string;
let server: Awaited<ReturnType<typeof startEmbedded>>;
/** Files with the certificate of the server and with another. */
let ca: string;
let otherCa: string;

/** A PostgreSQL that speaks TLS to clients that ask for it. */
beforeAll(async () => {
  dataDir = await testDirectory();
  // The first start makes the folder in which the certificate must lie.
  await (await startEmbedded({ dataDir, settings: HASTY, logger })).stop();
  const cluster = clusterDirectory(dataDir);
  const { uid, gid } = await stat(cluster);
  for (const [name, text] of Object.entries(certificate)) {
    const file = join(cluster, `tls.${name}`);
    await writeFile(file, text, { mode: 0o600 });
    await chown(file, uid, gid);
  }
  [ca, otherCa] = [join(dataDir, 'ca.pem'), join(dataDir, 'other.pem')];
  await writeFile(ca, certificate.cert);
  await writeFile(otherCa, createCertificate('localhost').cert);
  await Promise.all([ca, otherCa].map((file) => chmod(file, 0o644)));
  const tls = { ssl: 'on', ssl_cert_file: 'tls.cert', ssl_key_file: 'tls.key' };
  server = await startEmbedded({ dataDir, settings: { ...HASTY, ...tls }, logger });
});
afterAll(async () => {
  await server.stop();
  await removeTestDirectory(dataDir);
});

/** `DATABASE_URL` as the documents say it. */
function urlOf(rootCertificate: string, host = 'localhost'): string {
  const url = new URL(server.url);
  url.hostname = host;
  url.searchParams.set('sslmode', 'verify-full');
  url.searchParams.set('sslrootcert', rootCertificate);
  return url.href;
}

const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';

async function isEncrypted(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ ssl: boolean }>(ENCRYPTED);
  return rows[0]?.ssl === true;
}

describe('TLS to the database, by sslmode=verify-full and sslrootcert', () => {
  it('protects migrations, both pools and the listening connection', async () => {
    const url = urlOf(ca);
    await migrate({ url, logger });
    const db = openDatabase({ url, poolMax: 2, onError: () => undefined });
    for (const pool of [db.content, db.server]) await pool.$queryRawUnsafe('select 1');
    const connected = Promise.withResolvers<void>();
    const listener = listen({
      url,
      channels: ['tocsin_log'],
      onNotice: () => undefined,
      onConnected: () => connected.resolve(),
      onError: (error) => connected.reject(error),
    });
    await connected.promise;
    const connections = await withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string; ssl: boolean }>(
        `select a.application_name as name, s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid)
         where a.application_name like 'tocsin%'`,
      );
      return rows;
    });
    const names = connections.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['tocsin tocsin_app', 'tocsin tocsin_server']));
    expect(connections.length).toBeGreaterThan(3);
    expect(connections.filter(({ ssl }) => !ssl)).toEqual([]);
    await listener.close();
    await db.close();
  });

  it.each([
    ['a certificate of another authority', () => urlOf(otherCa), /self-signed|unable to verify/],
    ['a certificate for another host', () => urlOf(ca, '127.0.0.1'), /does not match|altnames/i],
  ])('refuses %s', async (_, url, why) => {
    await expect(withClient(url(), isEncrypted)).rejects.toThrow(why);
  });
});
