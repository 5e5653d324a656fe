import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const matching = (pattern: string) => indicator({ pattern });

describe('a range', () => {
  const digest = (kind: string, value: string) =>
    createHash('sha256').update(`${kind}\0${value}`).digest('hex');
  interface Range {
    readonly prefix: string;
    readonly digits: number;
    readonly entries: { suffix: string; verdict: string }[];
  }
  const ask = async (actor: Actor, prefix: string) => {
    const answer = await actor.sends('get', `/lookup/range/${prefix}`);
    expect(answer.status).toBe(200);
    return answer.body as Range & { padding: string };
  };

  it('has every value that the viewer sees, by its digest, and no other', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `host-${i}.range.example`);
    await alice.shares(names.map((name) => matching(`[domain-name:value = '${name}']`)));
    const hidden = matching("[domain-name:value = 'hidden.range.example']");
    await alice.shares(hidden, { audience: alice.slug });
    const isIn = async (actor: Actor, name: string) => {
      const key = digest('domain-name', name);
      const { prefix, entries } = await ask(actor, key.slice(0, 5));
      expect(key.startsWith(prefix)).toBe(true);
      expect(entries.length).toBeGreaterThanOrEqual(64);
      const found = entries.find(({ suffix }) => `${prefix}${suffix}` === key.slice(0, 32));
      return found?.verdict;
    };
    for (const name of names.slice(0, 20)) expect(await isIn(bob, name)).toBe('malicious');
    expect(await isIn(bob, 'hidden.range.example')).toBeUndefined();
    expect(await isIn(alice, 'hidden.range.example')).toBe('malicious');
    expect(await isIn(bob, 'nobody.range.example')).toBeUndefined();
  });

  it('is as long as a power of two, whatever is in it', async () => {
    for (const prefix of ['0', '7f', 'abcdef01']) {
      const { length } = JSON.stringify(await ask(bob, prefix));
      expect(Math.log2(length) % 1).toBe(0);
    }
  });

  it.each(['g', 'ABC', '123456789'])('refuses the prefix "%s"', async (prefix) => {
    expect((await bob.sends('get', `/lookup/range/${prefix}`)).status).not.toBe(200);
  });
});
