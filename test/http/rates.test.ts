import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { createRates } from '../../src/http/edge/rates.ts';
import { newKey } from '../../src/access/keys.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const LIMITS = { requests: 3, burst: 0, rows: 10, organisation: 2, wrongKeys: 2 };
const payer = (actor: string, organisationId = 1) => ({ actor, organisationId });
const READS = { reads: true };
const wait = async (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** The seconds to wait, or undefined when it was let in. */
async function refusal(admitted: Promise<unknown>): Promise<unknown> {
  try {
    await admitted;
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'rate_limited') throw error;
    return error.extra['retry_after'];
  }
}

describe('the limits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('let a key ask so often in a minute, and again in the next', async () => {
    const rates = createRates(LIMITS);
    for (let asked = 0; asked < 3; asked++) {
      expect(await refusal(rates.admit(payer('a'), READS))).toBeUndefined();
    }
    await wait(20);
    expect(await refusal(rates.admit(payer('a'), READS))).toBe(40);
    expect(await refusal(rates.admit(payer('b'), READS))).toBeUndefined();
    await wait(41);
    expect(await refusal(rates.admit(payer('a'), READS))).toBeUndefined();
  });

  it('let it ask more in a burst, once in ten minutes', async () => {
    const rates = createRates({ ...LIMITS, burst: 2 });
    const letIn = async () => {
      for (let asked = 0; ; asked++) {
        if ((await refusal(rates.admit(payer('a'), READS))) !== undefined) return asked;
      }
    };
    expect(await letIn()).toBe(5);
    await wait(61);
    expect(await letIn()).toBe(3);
    await wait(600);
    expect(await letIn()).toBe(5);
  });

  it('hold for an organisation with all of its keys', async () => {
    const rates = createRates(LIMITS);
    const refusals = [];
    for (let asked = 0; asked < 7; asked++) {
      refusals.push(await refusal(rates.admit(payer(`key ${asked}`), READS)));
    }
    expect(refusals).toEqual([...Array.from({ length: 6 }, () => undefined), 60]);
    expect(await refusal(rates.admit(payer('other', 2), READS))).toBeUndefined();
  });

  it('count what a key may not ask for against that key alone', async () => {
    const rates = createRates(LIMITS);
    for (let asked = 0; asked < 50; asked++) await refusal(rates.admit(payer('mad'), READS));
    expect(await refusal(rates.admit(payer('calm'), READS))).toBeUndefined();
  });

  it('count the objects read: the page that goes beyond is given, the next is not', async () => {
    const rates = createRates(LIMITS);
    rates.charge(payer('a'), 9);
    expect(await refusal(rates.admit(payer('a'), READS))).toBeUndefined();
    rates.charge(payer('a'), 5000);
    expect(await refusal(rates.admit(payer('a'), READS))).toBe(60);
    expect(await refusal(rates.admit(payer('another of it'), READS))).toBe(60);
    expect(await refusal(rates.admit(payer('b', 2), READS))).toBeUndefined();
    expect(await refusal(rates.admit(payer('a'), { reads: false }))).toBeUndefined();
    expect(await rates.pause(payer('another of it'))).toBe(60_000);
    expect(await rates.pause(payer('b', 2))).toBe(0);
    await wait(61);
    expect(await refusal(rates.admit(payer('a'), READS))).toBeUndefined();
  });

  it('are in the headers of the draft, of the key or the organisation, whichever has less', async () => {
    const rates = createRates({ ...LIMITS, organisation: 1 });
    expect(await rates.admit(payer('a'), READS)).toEqual({
      'ratelimit-policy': '"requests";q=3;w=60, "rows";q=10;w=60',
      ratelimit: '"requests";r=2;t=60, "rows";r=10;t=0',
    });
    rates.charge(payer('a'), 4);
    await wait(10);
    expect((await rates.admit(payer('b'), READS))['ratelimit']).toBe(
      '"requests";r=1;t=50, "rows";r=6;t=50',
    );
  });

  it('count wrong keys by network', async () => {
    const rates = createRates(LIMITS);
    const from = (address: string) => refusal(rates.wrongKey(address));
    expect([await from('192.0.2.1'), await from('::ffff:192.0.2.1')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await from('192.0.2.1')).toBe(60);
    expect(await from('192.0.2.2')).toBeUndefined();
    const sixes = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:1::3', '2001:db8:0:2::1'];
    const told = [];
    for (const address of sixes) told.push(await from(address));
    expect(told).toEqual([undefined, undefined, 60, undefined]);
    await wait(61);
    expect(await from('192.0.2.1')).toBeUndefined();
  });
});

describe('a server with low limits', () => {
  let tocsin: Tocsin;
  let alice: Actor;

  beforeAll(async () => {
    tocsin = await startTocsin({
      settings: {
        TOCSIN_RATE_REQUESTS: '20',
        TOCSIN_RATE_BURST: '0',
        TOCSIN_RATE_ROWS: '5',
        TOCSIN_RATE_WRONG_KEYS: '3',
      },
    });
    alice = await anActor(tocsin);
  });
  afterAll(() => tocsin.close());

  it('answers 429 with the time to wait, and does nothing of what was asked', async () => {
    const busy = await anActor(tocsin);
    const first = await busy.sends('get', '/me').expect(200);
    expect(first.headers['ratelimit-policy']).toBe('"requests";q=20;w=60, "rows";q=5;w=60');
    expect(first.headers['ratelimit']).toMatch(/^"requests";r=19;t=60, "rows";r=5;t=0$/);
    for (let asked = 1; asked < 20; asked++) await busy.sends('get', '/me').expect(200);
    const object = indicator();
    const refused = await busy.posts(object).expect(429);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    const waitS = Number(refused.headers['retry-after']);
    expect(waitS).toBeGreaterThan(0);
    expect(waitS).toBeLessThanOrEqual(60);
    expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429, retry_after: waitS });
    await alice.finds(object.id).expect(404);
    await alice.sends('get', '/me').expect(200);
  });

  it('counts what doors give out', async () => {
    const [sharer, reader] = [await anActor(tocsin), await anActor(tocsin)];
    await sharer.shares(Array.from({ length: 8 }, () => indicator()));
    await reader.sends('get', '/changes').query({ limit: 8 }).expect(200);
    const { body } = await reader.sends('get', '/changes').expect(429);
    expect(body).toMatchObject({ code: 'rate_limited' });
  });

  it('keeps nobody who has read too much from posting, nor from anything but reading', async () => {
    const reader = await anActor(tocsin);
    const own = Array.from({ length: 8 }, () => indicator());
    await reader.shares(own);
    await reader.sends('get', '/changes').query({ limit: 8 }).expect(200);
    const id = own[0]?.id ?? '';
    const reading = ['/changes', `/objects/${id}`, `/objects/${id}/history`];
    for (const path of [...reading, `/objects/${id}/access?organisation=${reader.slug}`]) {
      await reader.sends('get', path).expect(429);
    }
    await reader.posts(indicator()).expect(200);
    await reader.sends('post', `/objects/${id}/revoke`).expect(200);
    await reader.sends('get', '/me').expect(200);
    const posting = await reader.sends('post', '/sharing-groups').send({ slug: 'much', name: 'x' });
    expect(posting.status).toBe(201);
  });

  it('tells wrong keys so, then to wait; right ones are let in all the same', async () => {
    const tries = 50;
    const statuses = [];
    for (let tried = 0; tried < tries; tried++) {
      const { text } = newKey();
      const answer = await fetch(`${tocsin.url}/api/v1/me`, { headers: { 'x-api-key': text } });
      statuses.push(answer.status);
      await answer.body?.cancel();
    }
    expect(statuses).toEqual([401, 401, 401, ...Array.from({ length: tries - 3 }, () => 429)]);
    await alice.sends('get', '/me').expect(200);
    // A right key that this server has never seen is let in too.
    await (await alice.as('analyst')).sends('get', '/me').expect(200);
  });
});

it('a flood of wrong keys is a few rows in the audit', async () => {
  const tocsin = await startTocsin({ settings: { TOCSIN_RATE_WRONG_KEYS: '3' } });
  try {
    const server = await tocsin.another(['http']);
    const [before] = await tocsin.sql<{ last: string }>('select max(id)::text as last from audit');
    for (let tried = 0; tried < 300; tried++) {
      const key = tried % 2 === 0 ? newKey().text : randomBytes(9).toString('hex');
      const answer = await fetch(`${server.url}/api/v1/me`, { headers: { 'x-api-key': key } });
      await answer.body?.cancel();
    }
    await server.close();
    const rows = await tocsin.sql<{ detail: { code: string; count: number }; actor: string }>(
      `select actor, detail from audit where action = 'request.refuse' and id > $1`,
      [before?.last],
    );
    const told = rows.map(({ actor, detail }) => [actor, detail.code, detail.count]);
    expect(told.map(String).toSorted()).toEqual([
      'nobody,key_invalid,3',
      'nobody,rate_limited,297',
    ]);
  } finally {
    await tocsin.close();
  }
});
