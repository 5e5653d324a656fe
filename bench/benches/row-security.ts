import type { Client } from 'pg';
import { systemClock } from '../../src/clock.ts';
import { accept } from '../../src/indicators/accept.ts';
import { chooseAudience } from '../../src/indicators/audience.ts';
import type { SharingContext } from '../../src/indicators/context.ts';
import { readPage } from '../../src/log/reader.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import type { Member } from '../../src/sharing/member.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { findObject } from '../../src/store/content/objects.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { atEnd } from '../endings.ts';
import { fillLog } from '../fill.ts';
import { makeGround } from '../ground.ts';
import { indicatorJson } from '../indicators.ts';
import { rate, rounded, type Bench, type Target } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { compareSides, spreadOver } from '../row-security.ts';

const PAGE = 1000;
const BUNDLE = 1000;
/** Held to a target where a viewer has as many audiences as is usual. */
const AUDIENCES: readonly { readonly count: number; readonly bound: boolean }[] = [
  { count: 20, bound: true },
  { count: 200, bound: false },
];
/** At most 35 % more time for reads and 20 % for writes. */
const READS: Target = { ratio: 0.74 };
const WRITES: Target = { ratio: 0.83 };

interface Work {
  readonly what: string;
  readonly objects: number;
  readonly target: Target;
  readonly run: () => Promise<unknown>;
}

/** What the database does for a viewer, with row security and without. */
export const rowSecurity: Bench = {
  name: 'row-security',
  about: `reads and writes with and without row security, for ${AUDIENCES.map(({ count }) => count).join(' and ')} audiences`,
  objects: 50_000,
  async *run(objects) {
    const ground = await makeGround();
    await ground.member('producer');
    await ground.member('reader');
    const url = ground.databaseUrl;
    const db = openDatabase({ url, poolMax: 4, onError: () => undefined });
    const close = atEnd(() => db.close());
    await asOwner(url, (client) => fillLog(client, 'producer', objects));
    for (const { count, bound } of AUDIENCES) {
      await asOwner(url, (client) => spreadOver(client, 'reader', count));
      const member = await memberOfOrganisation(db, 'reader', 'bench');
      for (const work of worksFor(db, member, objects)) {
        const measured = await asOwner(url, (client) => measure(client, work, count));
        yield { measured, target: bound ? work.target : {} };
      }
    }
    await close();
    await ground.clear();
  },
};

async function measure(client: Client, { what, objects, run }: Work, audiences: number) {
  const { withSeconds, withoutSeconds, ratio } = await compareSides(client, run);
  return {
    bench: 'row-security',
    ...rate(objects, withSeconds),
    floorPerSecond: rounded(objects / withoutSeconds),
    ratio,
    ran: `${what}, a viewer with ${audiences} audiences, in process, embedded PostgreSQL, fsync on; floor: the same without row security, median of turns`,
  };
}

function worksFor(db: Database, member: Member, objects: number): Work[] {
  const singles = Math.max(1, Math.round(objects / 50));
  const written = BUNDLE * Math.max(1, Math.round(objects / 10 / BUNDLE));
  return [
    {
      what: `reads: the log in pages of ${PAGE}`,
      objects,
      target: READS,
      run: () => readAll(db, member, objects),
    },
    {
      what: 'reads: one object after another',
      objects: singles,
      target: READS,
      run: () => readSingly(db, member, singles),
    },
    {
      what: `writes: bundles of ${BUNDLE}`,
      objects: written,
      target: WRITES,
      run: () => write(db, member, written),
    },
  ];
}

/** Throws when it did not read every row: then the two sides did not do the same. */
async function readAll(db: Database, { viewer }: Member, objects: number): Promise<void> {
  let read = 0;
  for (let page = { next: 0, more: true }; page.more && read < objects;) {
    const found = await readPage(db, viewer, { after: page.next, limit: PAGE });
    read += found.rows.length;
    page = found;
  }
  if (read < objects) throw new Error(`Read ${read} objects of ${objects}`);
}

async function readSingly(db: Database, { viewer }: Member, objects: number): Promise<void> {
  for (let i = 1; i <= objects; i++) {
    const id = `indicator--${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const found = await asViewer(db, viewer, (tx) => findObject(tx, 1, id, { all: false }));
    if (found.length !== 1) throw new Error(`${id} is not there`);
  }
}

async function write(db: Database, member: Member, count: number): Promise<void> {
  const [identity = ''] = member.organisation.identities;
  const audience = await chooseAudience(db, member, [member.organisation.slug]);
  const quotas = { bytesPerDay: 1e15, audiences: 1, subscriptions: 1 };
  const context: SharingContext = {
    db,
    clock: systemClock,
    quotas,
    unknownTlp: 'warn',
    onAccepted: () => undefined,
  };
  for (let from = 0; from < count; from += BUNDLE) {
    const objects = Array.from({ length: BUNDLE }, (_, i): unknown =>
      JSON.parse(indicatorJson(from + i, identity)),
    );
    await accept(context, { objects }, { member, audience, atomic: true, dryRun: false });
  }
}
