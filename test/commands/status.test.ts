import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { testDirectory } from '../support/cluster.ts';
import { indicator, malware } from '../support/builders.ts';
import { runCommand } from '../support/command.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { query } from '../support/tocsin-process.ts';
import { storeAddress } from '../../src/commands/address.ts';
import { readConfig } from '../../src/config.ts';
import { listen } from '../../src/store/postgres/listen.ts';

const DAY_MS = 86_400_000;

let tocsin: Tocsin;
let ally: Actor;
let directory: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  ally = await anActor(tocsin, { role: 'org_admin' });
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

const status = (...args: string[]) =>
  runCommand(['status', ...args], {
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    TOCSIN_DATA_DIR: directory,
    TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
  });

it('shows members, what ends soon, failing receivers, lag, disk and version on one screen', async () => {
  const quiet = await status();
  expect([quiet.code, quiet.err]).toEqual([0, '']);
  expect(quiet.out).toMatch(/^ends soon +nothing$/m);
  expect(quiet.out).toMatch(/^failing +nothing$/m);
  expect(quiet.out).toMatch(/^lag +sequencer \d+\.\d s; no receiver is behind$/m);

  const { body } = await ally
    .sends('post', '/subscriptions')
    .send({ url: 'http://127.0.0.1:1/hook' })
    .expect(201);
  const { id } = body as { id: string };
  await tocsin.sql(
    `update subscription set failures = 3, failing_since = now(), cursor = 0 where id = $1`,
    [id],
  );
  const endsAt = new Date(tocsin.clock.now().getTime() + 3 * DAY_MS);
  await tocsin.sql(
    `update agreement set valid_from = $1::timestamptz - interval '90 days', valid_until = $1
     where organisation_id = (select id from organisation where slug = $2)`,
    [endsAt, ally.slug],
  );
  await ally.shares(indicator());
  const { out } = await status();
  expect(out.split('\n').length).toBeLessThan(24);
  expect(out).toContain(VERSION);
  expect(out).toMatch(/^organisations +\d+: \d+ active$/m);
  expect(out).toMatch(new RegExp(`^ends soon +agreement \\d+ of ${ally.slug} on \\d{4}-`, 'm'));
  expect(out).toMatch(new RegExp(`^failing +${ally.slug} ${id}: 3 failures since `, 'm'));
  expect(out).toMatch(
    new RegExp(
      `^lag +sequencer \\d.* the slowest receiver is 1 row behind \\(${ally.slug} ${id}\\)$`,
      'm',
    ),
  );
  expect(out).toMatch(/^disk +database \d+\.\d\d GB/m);

  expect(out).toMatch(/^servers +1 running at https:\/\/tocsin\.example\.org; 0 workers seen /m);

  const { out: json } = await status('--json');
  expect(JSON.parse(json)).toMatchObject({
    version: VERSION,
    servers: 1,
    address: 'https://tocsin.example.org',
    subscriptions: { active: 1 },
    ends_soon: [{ type: 'agreement.expiring', organisation: ally.slug }],
    failing_receivers: [{ id, organisation: ally.slug, failures: 3 }],
    slowest_receiver: { id, rows: 1, more: false },
  });
});

it('counts only rows that are for a receiver and that its filter wants', async () => {
  const [sharer, reader] = [await anActor(tocsin), await anActor(tocsin)];
  const { body } = await reader
    .sends('post', '/subscriptions')
    .send({ url: 'http://127.0.0.1:1/hook', filter: { types: ['indicator'] } })
    .expect(201);
  const { id } = body as { id: string };
  await tocsin.sql(`update subscription set state = 'paused' where id <> $1`, [id]);
  const slowest = async () =>
    (JSON.parse((await status('--json')).out) as { slowest_receiver: unknown }).slowest_receiver;

  await sharer.shares([indicator(), indicator(), malware()], { audience: sharer.slug });
  await reader.shares(malware(), { audience: reader.slug });
  expect(await slowest()).toBeNull();
  await sharer.shares([indicator(), malware(), indicator()], { audience: reader.slug });
  expect(await slowest()).toEqual({ id, organisation: reader.slug, rows: 2, more: false });
});

it('says that no server runs, without the address of an earlier one, and counts one as one', async () => {
  const settings = {
    DATABASE_URL: await freshDatabaseUrl(),
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    TOCSIN_DATA_DIR: directory,
  };
  const run = async (...args: string[]) => (await runCommand(args, settings)).out;
  await storeAddress(readConfig(settings), 'http://127.0.0.1:81');
  await run('migrate');
  expect(await run('status')).toMatch(
    /^servers +none is running\. Start one with "tocsin serve"$/m,
  );
  expect(JSON.parse(await run('status', '--json'))).toMatchObject({ servers: 0, address: null });

  await query(settings.DATABASE_URL, 'insert into worker (id) values (gen_random_uuid())');
  const connected = Promise.withResolvers<void>();
  const listener = listen({
    url: settings.DATABASE_URL,
    channels: [],
    onNotice: () => undefined,
    onConnected: () => connected.resolve(),
    onError: (error) => connected.reject(error),
  });
  await connected.promise;
  expect(await run('status')).toMatch(
    /^servers +1 running at http:\/\/127\.0\.0\.1:81; 1 worker seen in the last minute$/m,
  );
  await listener.close();
});
