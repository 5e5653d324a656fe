import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { worldPlan, type WorldPlan } from '../support/world.ts';
import { liveThrough } from '../support/world-run.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const property = fc.asyncProperty(worldPlan, (plan) => liveThrough({ tocsin, webhooks }, plan));

it('every way of reading shows what the model says, whatever was shared with whom', async () => {
  await fc.assert(property, { numRuns: 6, endOnFailure: true, seed: 20261123 });
}, 60_000);

/** An object goes to all, then to one alone. */
const narrowed: WorldPlan = {
  organisations: [
    { ceiling: 3, communities: [0] },
    { ceiling: 3, communities: [0] },
    { ceiling: 1, communities: [0] },
    { ceiling: 3, communities: [1] },
  ],
  group: [],
  steps: [
    {
      sharer: 0,
      object: 0,
      tlp: 1,
      audience: { communities: [0], group: false, organisations: [] },
    },
    {
      sharer: 0,
      object: 1,
      tlp: 2,
      audience: { communities: [0], group: false, organisations: [] },
    },
    {
      sharer: 0,
      object: 0,
      tlp: 1,
      audience: { communities: [], group: false, organisations: [1] },
    },
  ],
};

describe('without the row security of one table, it fails:', () => {
  it.each(['version', 'log', 'observable', 'attempt', 'subscription'])('%s', async (table) => {
    await tocsin.sql(`alter table ${table} disable row level security`);
    try {
      await expect(liveThrough({ tocsin, webhooks }, narrowed)).rejects.toThrow();
    } finally {
      await tocsin.sql(`alter table ${table} enable row level security`);
    }
  });
});

it('and with all of it back, the same history passes', () =>
  liveThrough({ tocsin, webhooks }, narrowed));
