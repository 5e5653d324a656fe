/** Objects without times that several requests of one organisation post at the same time. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { systemClock } from '../../src/clock.ts';
import { chooseAudience } from '../../src/indicators/audience.ts';
import { acceptUndated } from '../../src/indicators/undated.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let cert: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  cert = await anActor(tocsin);
});
afterAll(() => tocsin.close());

/** Requests enough that some of them read before another one has written, whatever the machine. */
const ROUNDS = 10;
const AT_ONCE = 4;

it('are created once, and are then unchanged', async () => {
  const member = await memberOfOrganisation(tocsin.db, cert.slug, 'test');
  const audience = await chooseAudience(tocsin.db, member, undefined);
  const context = {
    db: tocsin.db,
    clock: systemClock,
    quotas: { bytesPerDay: 1e12, audiences: 1e6 },
    unknownTlp: 'warn' as const,
    onAccepted: () => undefined,
  };
  const input = { member, audience, atomic: false, dryRun: false };
  for (let round = 0; round < ROUNDS; round++) {
    const {
      created: _,
      modified: __,
      valid_from: ___,
      ...object
    } = indicator({
      id: `indicator--${randomUUID()}`,
    });
    const results = await Promise.all(
      Array.from({ length: AT_ONCE }, () => acceptUndated(context, { objects: [object] }, input)),
    );
    const outcomes = results.flat().map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['created', 'unchanged', 'unchanged', 'unchanged']);
  }
});
