/** The same work on the same rows, with row security and without it, turn by turn. */
import type { Client } from 'pg';
import { rounded, timed } from './measurement.ts';

const TABLES = ['version', 'observable', 'link', 'log', 'inbox', 'audit'];
const ROUNDS = 5;
const GROUP = 'bench-group-';

export interface Sides {
  /** The median seconds of each side. */
  readonly withSeconds: number;
  readonly withoutSeconds: number;
  readonly ratio: number;
}

/** Runs `work` once for each side to warm up, then ROUNDS times, the sides taking turns to be first. */
export async function compareSides(client: Client, work: () => Promise<unknown>): Promise<Sides> {
  const seconds = { with: [] as number[], without: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    const order = round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const);
    for (const side of order) {
      await setRowSecurity(client, side === 'with');
      const { seconds: took } = await timed(work);
      if (round > 0) seconds[side].push(took);
    }
  }
  await setRowSecurity(client, true);
  const [withSeconds, withoutSeconds] = [median(seconds.with), median(seconds.without)];
  return { withSeconds, withoutSeconds, ratio: rounded(withoutSeconds / withSeconds, 2) };
}

async function setRowSecurity(client: Client, on: boolean): Promise<void> {
  for (const table of TABLES) {
    await client.query(`alter table ${table} ${on ? 'enable' : 'disable'} row level security`);
  }
}

function median(sample: readonly number[]): number {
  return sample.toSorted((a, b) => a - b)[Math.floor(sample.length / 2)] ?? Number.NaN;
}

/**
 * Puts an organisation into so many audiences (its community and itself among them), and spreads
 * all that was filled over its groups, so that it sees every row on both sides.
 */
export async function spreadOver(client: Client, slug: string, audiences: number): Promise<void> {
  await client.query(
    `with made as (
       insert into audience (realm_id, kind, slug)
       select 1, 'group', $2 || i from generate_series(1, $3::integer) as i
       on conflict do nothing returning id
     )
     insert into audience_member (audience_id, organisation_id)
     select made.id, organisation.id from made, organisation where organisation.slug = $1`,
    [slug, GROUP, audiences - 2],
  );
  for (const [table, key] of [
    ['version', 'id'],
    ['log', 'seq'],
  ] as const) {
    await client.query(
      `update ${table} set audience_id = groups.ids[1 + ${key} % array_length(groups.ids, 1)]
       from (select array_agg(id order by id) as ids from audience where slug like $1) as groups`,
      [`${GROUP}%`],
    );
    await client.query(`vacuum (full, analyze) ${table}`);
  }
}
