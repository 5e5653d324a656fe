import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';
import { CONTROLS, findingsWith } from './controls.ts';
import { liveThrough } from './history.ts';
import { newJudge } from './judge.ts';
import { planHistory } from './plan.ts';
import { findLeaks, USUAL_SIZE } from './leaks.ts';
import { prepareGround, UNLIMITED, type Ground } from './world.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let ground: Ground;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'], settings: UNLIMITED });
  webhooks = await receiveWebhooks();
  ground = await prepareGround(tocsin, webhooks);
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const SEED = 20_261_123;
const CONTROL_SEED = 371;
/** By which groups with hidden members are shared with soon. */
const SEEDS: Readonly<Record<string, number>> = { 'members-of-hidden-groups-named': 425 };
const SIZE = { steps: 24, objects: 60 };

describe('whatever members do', () => {
  // CVE-2026-94394, CVE-2026-95683, CVE-2026-86283, CVE-2026-112178: a second way in without a check.
  it('every door shows each of them what the rules say, and nothing else', async () => {
    const { failure, ...found } = await findLeaks(ground, {
      seed: SEED,
      checks: 1_000_000,
      size: USUAL_SIZE,
    });
    expect(failure).toBeUndefined();
    expect(found).toMatchObject({ leaked: 0, missing: 0 });
    expect(found.checks).toBeGreaterThanOrEqual(1_000_000);
  }, 900_000);
});

describe('it fails', () => {
  // Random, of a seed by which RED comes to be lost, a purge and a loss of membership come early.
  const plan = planHistory(CONTROL_SEED, SIZE);

  it.each(Object.keys(CONTROLS))('for %s', async (name) => {
    const seed = SEEDS[name] ?? CONTROL_SEED;
    const found = await findingsWith(ground, name, planHistory(seed, SIZE));
    expect(found[0]?.kind, name).toMatch(/leaked|missing/);
  });

  it('for none of them once the server is repaired', async () => {
    const judge = newJudge();
    expect(await liveThrough(ground, plan, judge)).toBeUndefined();
    expect(judge.findings).toEqual([]);
  });
});
