import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMember } from '../../src/store/members/members.ts';
import { asViewer, type Tx } from '../../src/store/postgres/transaction.ts';
import { advanceSearchIndex } from '../../src/store/search/progress.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, malware, newer, TLP_BY_RANK, type PostedObject } from '../support/builders.ts';
import { aGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let actors: Actor[];
const mark = slug('mark');
const LABELS = ['a', 'b', 'c'].map((letter) => `${mark}-${letter}`);
const WORDS = ['alpha', 'beta_x', '100%', String.raw`back\slash`, "quo'te", 'Übung'];

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  actors = [
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities, ceiling: 'green' }),
    await anActor(tocsin, { communities, ceiling: 'amber' }),
    await anActor(tocsin),
  ];
  await share(communities[0] ?? '');
  await advanceSearchIndex(tocsin.db, 10_000);
});
afterAll(() => tocsin.close());

/** Of each actor objects of every level and audience; some were replaced, revoked or narrowed later. */
async function share(community: string): Promise<void> {
  const [first, second] = actors;
  if (first === undefined || second === undefined) throw new Error('Nobody is there');
  const group = await aGroup(tocsin, [first, second]);
  for (const [number, actor] of actors.entries()) {
    const objects = Array.from({ length: 24 }, (_, i) => objectOf(number * 24 + i));
    for (const [i, audience] of [community, group, `${community},${group}`, actor.slug].entries()) {
      const given = objects.filter((_, at) => at % 4 === i);
      const { status } = await actor.posts(given, { audience });
      if (status !== 200) await actor.posts(given);
    }
    await actor.posts(
      objects.slice(0, 6).map((object) => newer(object, 1, { labels: [LABELS[2]] })),
    );
  }
  await tocsin.sequenced();
}

function objectOf(seed: number): PostedObject {
  const labels = LABELS.filter((_, i) => (seed >> i) % 2 === 0);
  const facts = {
    name: `${WORDS[seed % WORDS.length]} ${mark} ${seed}`,
    ...(labels.length === 0 ? {} : { labels }),
    object_marking_refs: [TLP_BY_RANK[seed % 4]],
  };
  return seed % 5 === 0 ? malware(facts) : indicator(facts);
}

const GROUPS = [[], [[LABELS[0]]], [[LABELS[0], LABELS[1]]], [[LABELS[0]], [LABELS[1], LABELS[2]]]];
const TEXTS = [
  [],
  [mark],
  ...WORDS.map((word) => [word, mark]),
  ['a%', mark],
  ['beta-x', mark],
  ['alpha', 'beta'],
];

const groupsOf = (groups: readonly (readonly (string | undefined)[])[]) =>
  groups.map((labels) => labels.map((label) => `label:${label}`));

async function found(tx: Tx, groups: string[][], texts: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select id::text as id from search_ids(
      ${JSON.stringify(groups)}::jsonb, ${[...texts]}::text[], 9007199254740991, true, 10000) as id`;
  return rows.map(({ id }) => id);
}

/** The same by the policy alone, without any index. */
async function visible(tx: Tx, groups: string[][], texts: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select v.id::text as id from version v
    where not v.superseded
      and (select bool_and(exists (
        select from object_terms(v.type, v.created_by_ref, v.content::jsonb) as term, texts_in(terms) as wanted
        where term = wanted)) from jsonb_array_elements(${JSON.stringify(groups)}::jsonb) as terms) is not false
      and (select bool_and(strpos(lower(concat_ws(E'\n', v.content::jsonb ->> 'name',
          array_to_string(v.labels, E'\n'), v.content::jsonb ->> 'pattern')), lower(wanted)) > 0)
        from unnest(${[...texts]}::text[]) as wanted) is not false
    order by v.id desc`;
  return rows.map(({ id }) => id);
}

describe('search_ids', () => {
  it('finds for every viewer what the policy lets through, and nothing else', async () => {
    const counts = new Set<number>();
    for (const { slug: organisation } of actors) {
      const member = await findMember(tocsin.db, organisation);
      if (member === undefined) throw new Error('An organisation is gone');
      for (const groups of GROUPS.map((given) => groupsOf(given))) {
        for (const texts of TEXTS) {
          if (groups.length === 0 && texts.length === 0) continue;
          const [ids, due] = await asViewer(tocsin.db, member.viewer, async (tx) => [
            await found(tx, groups, texts),
            await visible(tx, groups, texts),
          ]);
          expect([organisation, groups, texts, ids]).toEqual([organisation, groups, texts, due]);
          counts.add(due?.length ?? 0);
        }
      }
    }
    // Viewers and filters differ, or nothing was compared.
    expect(counts.size).toBeGreaterThan(8);
  });

  it('finds nothing without a viewer', async () => {
    const rows = await tocsin.db.content.$queryRaw<unknown[]>`
      select search_ids('[]', ${[mark]}::text[], 9007199254740991, true, 10)`;
    expect(rows).toEqual([]);
  });

  it('continues after an id in either order', async () => {
    const member = await findMember(tocsin.db, actors[0]?.slug ?? '');
    if (member === undefined) throw new Error('An organisation is gone');
    const walk = (newest: boolean) =>
      asViewer(tocsin.db, member.viewer, async (tx) => {
        const ids: number[] = [];
        for (let after = newest ? 1e15 : 0; ;) {
          const rows = await tx.$queryRaw<{ id: number }[]>`
            select id::float8 as id
            from search_ids('[]', ${[mark]}::text[], ${after}::bigint, ${newest}, 7) as id`;
          ids.push(...rows.map(({ id }) => id));
          if (rows.length < 7) return ids;
          after = ids.at(-1) ?? 0;
        }
      });
    const newest = await walk(true);
    expect(newest.length).toBeGreaterThan(20);
    expect(await walk(false)).toEqual(newest.toReversed());
  });
});

describe('the index of searches', () => {
  async function rowsOf(id: string): Promise<number> {
    const [row] = await tocsin.sql<{ rows: number }>(
      `select ((select count(*) from search_text t join version v on v.id = t.version_id where v.stix_id = $1)
        + (select count(*) from search_term t join version v on v.id = t.version_id where v.stix_id = $1))::integer as rows`,
      [id],
    );
    return row?.rows ?? 0;
  }

  it('has rows of the current version alone, and of none that was purged', async () => {
    const [alice] = actors;
    if (alice === undefined) throw new Error('Nobody is there');
    const object = indicator({ labels: LABELS });
    await alice.shares(object);
    await advanceSearchIndex(tocsin.db, 10_000);
    const before = await rowsOf(object.id);
    await alice.shares(newer(object));
    await advanceSearchIndex(tocsin.db, 10_000);
    expect([before > 4, await rowsOf(object.id)]).toEqual([true, before]);
  });
});
