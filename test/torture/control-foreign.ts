import { reachOf, rankOf } from './alliance.ts';
import type { Control } from './control.ts';
import { createLedger, keyOf, withdrawal, type Ledger, type Posted, type Seen } from './ledger.ts';
import { judge } from './oracle.ts';
import { createRandom, type Random } from './random.ts';

const READER = 'webhook of agency-c';

/** A checker that sees one object that was withdrawn, and one that was never for its reader. */
export const foreignObject: Control = ({ seed }) => {
  const random = createRandom(seed);
  const kept = version(random, 1, []);
  const narrowed = version(random, 2, ['agency-c']);
  const narrower = { ...version(random, 3, ['cert-b']), stixId: narrowed.stixId };
  const foreign = version(random, 4, ['cert-b']);
  const honest = [
    { atMs: 5, seen: [seenOf(kept), seenOf(narrowed)] },
    { atMs: 35, seen: [withdrawal(narrowed.stixId)] },
  ];
  const ledgerOf = (batches: readonly { atMs: number; seen: Seen[] }[]): Ledger => {
    const ledger = createLedger();
    for (const one of [kept, narrowed, narrower, foreign]) ledger.posted.set(one.key, one);
    const reader = { organisation: 'agency-c', door: 'webhook', holdMs: 0 } as const;
    ledger.readers.set(READER, { name: READER, ...reader });
    for (const { atMs, seen } of batches) {
      ledger.batches.push({ reader: READER, id: String(atMs), beganMs: atMs, taken: true, seen });
    }
    return ledger;
  };
  const stored = new Set([kept, narrowed, narrower, foreign].map(({ key }) => key));
  const leaks = [...honest, { atMs: 40, seen: [seenOf(narrowed), seenOf(foreign)] }];
  return Promise.resolve({
    fault: 'leaked',
    wrong: judge(ledgerOf(leaks), stored),
    right: judge(ledgerOf(honest), stored),
  });
};

function seenOf({ key, stixId }: Posted): Seen {
  return { kind: 'put', stixId, key };
}

/** A version shared by cert-a and answered at ten times its number. */
function version(random: Random, number: number, audience: readonly string[]): Posted {
  const stixId = `indicator--${random.uuid()}`;
  const modified = `2026-02-01T00:00:0${number}.000Z`;
  return {
    key: keyOf({ id: stixId, modified, name: `made up ${number}` }),
    stixId,
    modified,
    sharer: 'cert-a',
    reach: reachOf('cert-a', audience, undefined),
    rank: rankOf(undefined),
    request: number,
    fate: 'accepted',
    answeredMs: number * 10,
  };
}
