/** A reader with a filter ends with exactly what matches of what it sees, whenever it reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placesInRange, readEnd, readRange } from '../../src/log/reader.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { findLogBounds, type LogFilter } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, newer, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
});
afterAll(() => tocsin.close());

const WANTED = 'wanted';
const isWanted = (object: PostedObject | undefined): boolean =>
  JSON.stringify(object?.['labels'] ?? []).includes(WANTED);

/** Numbers below a bound, always the same for a seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

interface ReceiverInput {
  readonly filter?: LogFilter;
  /** Whether it leaves out superseded versions the next time that it reads. */
  readonly current?: () => boolean;
}

/** A receiver: for each object the last version that it was sent, unless that was withdrawn. */
async function receiver(
  actor: Actor,
  { filter = { labels: [WANTED] }, current = () => false }: ReceiverInput = {},
) {
  const { viewer } = await memberOfOrganisation(tocsin.db, actor.slug, 'test');
  const held = new Map<string, PostedObject>();
  let after = (await findLogBounds(tocsin.db)).head;
  return {
    reads: async (limit: number): Promise<void> => {
      const { head } = await findLogBounds(tocsin.db);
      const request = { after, limit, filter, currentTo: current() ? head : 0 };
      const { rows, next } = await readRange(tocsin.db, readerOf(viewer), request, head);
      const places = await placesInRange(tocsin.db, readerOf(viewer), request, next);
      expect(places.rows.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq));
      const end = await readEnd(tocsin.db, readerOf(viewer), request, next);
      expect(end?.rows).toEqual(rows);
      for (const { stixId, content } of rows) {
        if (content === null) held.delete(stixId);
        else held.set(stixId, JSON.parse(content) as PostedObject);
      }
      after = next;
    },
    held: () => Object.fromEntries([...held].map(([id, { x_turn }]) => [id, x_turn])),
    matching: () =>
      [...held.values()]
        .filter(isWanted)
        .map(({ id }) => id)
        .toSorted(),
  };
}

const KINDS: [what: string, make: () => PostedObject][] = [
  ['objects with versions', indicator],
  ['objects without versions', address],
];

describe.each(KINDS)('%s', (_, make) => {
  it.each([1, 2, 3])('a reader ends with what it sees and wants (seed %i)', async (seed) => {
    const below = numbersFrom(seed);
    const community = slug();
    const communities = [community];
    const alice = await anActor(tocsin, { communities });
    const bob = await anActor(tocsin, { communities });
    const carol = await anActor(tocsin, { communities });
    const audiences = [community, community, carol.slug, bob.slug];
    const prompt = await receiver(bob);
    const slow = [await receiver(bob), await receiver(carol)];
    const whole = [await receiver(bob, { filter: {} }), await receiver(carol, { filter: {} })];
    // As GET /changes and the stream read, which have no filter, now with `current` and now without.
    const changing = await receiver(bob, { filter: {}, current: () => below(2) === 0 });
    const objects = Array.from({ length: 3 }, () => make());
    for (let turn = 0; turn < 30; turn++) {
      const object = objects[below(objects.length)] ?? make();
      const changed = { labels: [below(2) === 0 ? WANTED : 'other'], x_turn: turn };
      const posted =
        'modified' in object ? newer(object, turn, changed) : { ...object, ...changed };
      await alice.shares(posted, { audience: audiences[below(audiences.length)] });
      // The versions in between have changed again when the slow ones read.
      await prompt.reads(100);
      for (const reader of [...slow, changing])
        if (below(6) === 0) await reader.reads(1 + below(4));
    }
    for (const reader of [...slow, changing, ...whole]) await reader.reads(1000);
    const [ofBob, ofCarol] = whole.map((reader) => reader.matching());
    expect(prompt.matching()).toEqual(ofBob);
    expect(slow.map((reader) => reader.matching())).toEqual([ofBob, ofCarol]);
    expect(changing.held()).toEqual(whole[0]?.held());
  });
});
