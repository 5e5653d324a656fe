/** A member that posts the same objects again and again with a later `modified`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { acceptAs } from '../support/accept.ts';
import { indicator, marked, newer, type PostedObject } from '../support/builders.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { countRowsRead } from '../support/rows-read.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const OBJECTS = 20;
const ROUNDS = 24;

/** Rows read of the table of versions. */
interface Reading {
  readonly early: number;
  readonly late: number;
}

/** What four rounds read, early and late. */
function compared(rows: readonly number[]): Reading {
  const sum = (from: number) => rows.slice(from, from + 4).reduce((a, b) => a + b, 0);
  return { early: sum(4), late: sum(rows.length - 4) };
}

async function readings(
  tocsin: Tocsin,
  sharer: Actor,
  audienceOf: (round: number) => string[],
  objects: readonly PostedObject[] = Array.from({ length: OBJECTS }, () => indicator()),
): Promise<Reading> {
  const counted = countRowsRead(tocsin.db, 'version');
  const rows: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const later = objects.map((object) => newer(object, round));
    const results = await acceptAs(counted.db, sharer.slug, later, audienceOf(round));
    expect(results.map(({ outcome }) => outcome)).not.toContain('rejected');
    rows.push(counted.take());
  }
  return compared(rows);
}

describe.each(['force_custom_plan', 'force_generic_plan'])('under %s', (mode) => {
  let tocsin: Tocsin;
  let sharer: Actor;
  let friends: Actor[];

  beforeAll(async () => {
    const databaseUrl = await freshDatabaseUrl();
    tocsin = await startTocsin({ databaseUrl });
    const [{ name } = { name: '' }] = await tocsin.sql<{ name: string }>(
      'select current_database() as name',
    );
    await tocsin.sql(`alter database ${name} set plan_cache_mode = ${mode}`);
    await tocsin.close();
    tocsin = await startTocsin({ databaseUrl });
    const communities = [slug()];
    sharer = await anActor(tocsin, { communities });
    friends = [await anActor(tocsin, { communities }), await anActor(tocsin, { communities })];
  });
  afterAll(() => tocsin.close());

  it('a round reads as many versions after many rounds as after few', async () => {
    const { early, late } = await readings(tocsin, sharer, () => [sharer.slug]);
    expect(early).toBeGreaterThan(OBJECTS);
    expect(late).toBeLessThan(early * 1.5);
  });

  it('a round to another audience each time does, too', async () => {
    const [one, two] = friends.map((friend) => friend.slug) as [string, string];
    const { early, late } = await readings(tocsin, sharer, (round) =>
      round % 2 === 0 ? [one] : [one, two],
    );
    expect(early).toBeGreaterThan(OBJECTS);
    expect(late).toBeLessThan(early * 1.5);
  });

  it('passing on the newest version of another member reads as many', async () => {
    const [friend] = friends as [Actor];
    const counted = countRowsRead(tocsin.db, 'version');
    const own = Array.from({ length: OBJECTS }, () =>
      marked('clear', indicator({ created_by_ref: sharer.identity })),
    );
    const rows: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const later = own.map((object) => newer(object, round));
      await acceptAs(tocsin.db, sharer.slug, later);
      const passed = await acceptAs(counted.db, friend.slug, later);
      expect(passed.map(({ outcome }) => outcome)).not.toContain('rejected');
      rows.push(counted.take());
    }
    const { early, late } = compared(rows);
    expect(early).toBeGreaterThan(OBJECTS);
    expect(late).toBeLessThan(early * 1.5);
  });

  it('a creator that revokes what has many versions elsewhere reads as many', async () => {
    const [friend] = friends as [Actor];
    const counted = countRowsRead(tocsin.db, 'version');
    const rows: number[] = [];
    for (const history of [2, 2, 2, 2, 2, 2, 2, 2, 12, 12, 12, 12]) {
      let object = marked('clear', indicator({ created_by_ref: sharer.identity }));
      for (let version = 0; version < history; version++) {
        object = newer(object);
        await acceptAs(tocsin.db, sharer.slug, [object]);
        const [passed] = await acceptAs(tocsin.db, friend.slug, [object]);
        expect(passed?.outcome).not.toBe('rejected');
      }
      await acceptAs(counted.db, sharer.slug, [newer(object, 1, { revoked: true })]);
      rows.push(counted.take());
    }
    const { early, late } = compared(rows);
    expect(early).toBeGreaterThan(4);
    expect(late).toBeLessThan(early * 1.5);
  });
});
