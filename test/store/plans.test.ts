/**
 * What members do all the time, on a long history: no statement that it runs, functions included, may depend
 * on a lucky plan. Each is explained as it runs, under row security, with custom and with generic plans.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';
import { asOwner } from '../../bench/owner.ts';
import { filledId, fillLog } from '../../bench/fill.ts';
import { Actor, anActor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { EXPLAINING, watchPlans, type Plans, type Touch } from '../support/plans.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

const HISTORY = 200_000;
/** Of a statement on a page, a bundle or a row; the history is a multiple of it. */
const TOUCHED_MAX = HISTORY / 20;
/** What grows with the history. */
const LONG = ['version', 'observable', 'link', 'log'];
const BUNDLE = 100;

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

let tocsin: Tocsin;
let producer: Actor;
let reader: Actor;
let cluster: Awaited<ReturnType<typeof startEmbedded>>;
let directory: string;
let webhooks: Webhooks;
let plans: Plans;
/** Of the subscription. */
let path: string;

const OBSERVABLES = `
  insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, role, kind,
    value, key, domain)
  select id, 0, realm_id, organisation_id, audience_id, tlp, 0, 'domain-name', stix_id,
    md5(stix_id)::uuid, 'com.example.' || id || '.'
  from version where type = 'indicator'`;

/** Objects of the history, as its producer posts them again. */
function old(from: number, count: number): PostedObject[] {
  return Array.from({ length: count }, (_, i) =>
    newer({ ...indicator(), id: filledId(from + i * 7), created_by_ref: producer.identity }),
  );
}

/** All of it is done once before it is looked at, so that what is cached is. */
const ACTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a bundle of new objects': () => producer.posts(fresh()),
  'a refresh of old objects': () => producer.posts(old(1, BUNDLE)),
  'the same again': async () => {
    const objects = fresh();
    await producer.posts(objects);
    await producer.posts(objects);
  },
  'one object': () => producer.sends('post', '/indicators').send(indicator()).expect(201),
  'a dry run': () => producer.posts(fresh(), { dry_run: 'true' }),
  'a list of values': () =>
    producer
      .sends('post', '/values')
      .send({ values: ['plan-a.example', 'plan-b.example'] })
      .expect(200),
  'a revocation': async () => {
    const object = indicator();
    await producer.shares(object);
    await producer.sends('post', `/objects/${object.id}/revoke`).expect(200);
  },
  'another audience': async () => {
    const object = indicator();
    await producer.shares(object);
    const audience = [reader.slug, producer.slug];
    await producer.sends('patch', `/objects/${object.id}`).send({ audience }).expect(204);
  },
  'a first page': () => reader.sends('get', '/changes?limit=100').expect(200),
  'a page of what is current': () => reader.sends('get', '/changes?limit=100&current=true'),
  'an object': () => reader.sends('get', `/objects/${filledId(50_000)}`).expect(200),
  'its versions': () => reader.sends('get', `/objects/${filledId(3)}?version=all`).expect(200),
  'its history': () => producer.sends('get', `/objects/${filledId(3)}/history`).expect(200),
  'who sees it': () =>
    producer.sends('get', `/objects/${filledId(3)}/access?organisation=${reader.slug}`).expect(200),
  'what is shared': () => producer.sends('get', '/shares?limit=100').expect(200),
  'a share': () => producer.sends('get', `/shares/${filledId(3)}`).expect(200),
  'a look-up': () =>
    reader
      .sends('post', '/lookup')
      .send({ values: ['www.host-3.example.com', '192.0.2.1', '192.0.2.0/24', 'a'.repeat(64)] })
      .expect(200),
  'a look-up of one': () => reader.sends('get', '/lookup/host-5.example.com').expect(200),
  'a look-up of a range': () => reader.sends('get', '/lookup/range/0123').expect(200),
  'the newest indicators': () => reader.sends('get', '/indicators?limit=100').expect(200),
  'indicators by a value': () => reader.sends('get', '/indicators?value=host-7.example.com'),
  'indicators in a network': () => reader.sends('get', '/indicators?in_network=192.0.2.0/24'),
  'indicators of a domain': () => reader.sends('get', '/indicators?under_domain=9.example.com'),
  'indicators by label': () => reader.sends('get', '/indicators?label=rare-label').expect(200),
  'indicators by text': () => reader.sends('get', '/indicators?q=unheard-of').expect(200),
  me: () => reader.sends('get', '/me').expect(200),
  'a delivery': async () => {
    const object = indicator();
    await producer.shares(object);
    await webhooks.until(path, (deliveries) =>
      deliveries.some(({ objects }) => objects.some(({ id }) => id === object.id)),
    );
  },
};

function fresh(): PostedObject[] {
  return Array.from({ length: BUNDLE }, () => indicator());
}

beforeAll(async () => {
  webhooks = await receiveWebhooks();
});
afterAll(() => webhooks.close());

describe.each(['force_custom_plan', 'force_generic_plan'] as const)('under %s', (mode) => {
  beforeAll(async () => {
    const settings = { ...HASTY, ...EXPLAINING, plan_cache_mode: mode };
    directory = await testDirectory();
    cluster = await startEmbedded({ dataDir: directory, settings, logger: SILENT });
    const databaseUrl = cluster.url;
    await migrate({ url: databaseUrl, logger: SILENT });
    tocsin = await startTocsin({ databaseUrl });
    producer = await anActor(tocsin);
    reader = await anActor(tocsin);
    await asOwner(databaseUrl, async (client) => {
      await fillLog(client, producer.slug, HISTORY);
      await client.query(OBSERVABLES);
      await client.query('vacuum analyze observable');
    });
    await tocsin.close();
    plans = watchPlans();
    tocsin = await startTocsin({ databaseUrl, roles: ['http', 'worker'] });
    [producer, reader] = [new Actor(tocsin, producer), new Actor(tocsin, reader)];
    path = `/${mode}`;
    const url = `${webhooks.url}${path}`;
    await reader.sends('post', '/subscriptions').send({ url, start: 'now' }).expect(201);
    for (const act of Object.values(ACTS)) await act();
    await tocsin.sequenced();
  }, 300_000);
  afterAll(async () => {
    plans.close();
    await tocsin.close();
    await cluster.stop();
    await removeTestDirectory(directory);
  });

  it.each(Object.keys(ACTS))('%s reads what it needs by an index', async (name) => {
    plans.take(LONG);
    await ACTS[name]?.();
    await tocsin.sequenced();
    const touched = plans.take(LONG);
    expect(touched.length, 'statements').toBeGreaterThan(0);
    expect(touched.filter(isUnlucky)).toEqual([]);
  });

  it('and where an index is missing, that is seen', async () => {
    await tocsin.sql(`alter table version
      drop constraint version_realm_id_stix_id_organisation_id_modified_key`);
    await tocsin.sql('drop index version_current, version_shared');
    plans.take(LONG);
    await ACTS['an object']?.();
    expect(
      plans
        .take(LONG)
        .filter(isUnlucky)
        .map(({ table }) => table),
    ).toContain('version');
  });
});

function isUnlucky({ node, rows }: Touch): boolean {
  return rows > TOUCHED_MAX || (node === 'Seq Scan' && rows > BUNDLE);
}
