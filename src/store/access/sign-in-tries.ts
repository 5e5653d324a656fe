import { bytes } from '../postgres/typed.ts';
import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: counting and comparing in one statement.

/** How tries are counted: so many are free, then a wait that doubles with each, up to a longest. */
export interface Patience {
  readonly free: number;
  readonly forgetSeconds: number;
  readonly firstWaitSeconds: number;
  readonly longestWaitSeconds: number;
}

/**
 * Counts a try, unless one has to wait: then nothing is counted, and what is returned is until when.
 * One statement, so that of many at once, in any process, only the free ones come through.
 */
export async function countTry(
  db: Database,
  what: Buffer,
  now: Date,
  { free, forgetSeconds, firstWaitSeconds, longestWaitSeconds }: Patience,
): Promise<Date | undefined> {
  const counted = await db.server.$executeRaw`
    insert into sign_in_tries as had (what, tries, forget_at, wait_until)
    values (${what}, 1, ${now}::timestamptz + make_interval(secs => ${forgetSeconds}::integer),
      case when ${free}::integer <= 1
        then ${now}::timestamptz + make_interval(secs => ${firstWaitSeconds}::integer) end)
    on conflict (what) do update set (tries, forget_at, wait_until) = (
      select next.tries,
        case when next.tries = 1 then excluded.forget_at else had.forget_at end,
        case when next.tries >= ${free}::integer then ${now}::timestamptz + make_interval(
          secs => least(${longestWaitSeconds}::integer,
            ${firstWaitSeconds}::integer * 2 ^ least(next.tries - ${free}::integer, 16))) end
      from (select case when had.forget_at <= ${now}::timestamptz then 1 else had.tries + 1 end) as next (tries))
    where had.wait_until is null or had.wait_until <= ${now}::timestamptz`;
  if (counted === 1) return undefined;
  const row = await db.server.signInTries.findUnique({
    where: { what: bytes(what) },
    select: { waitUntil: true },
  });
  // Deleted in between by a sign-in that succeeded: the next try counts.
  return row?.waitUntil ?? now;
}

/** Takes one try back that turned out right, and its wait. */
export async function giveTryBack(db: Database, what: Buffer): Promise<void> {
  await db.server.$executeRaw`
    update sign_in_tries set tries = greatest(tries - 1, 0), wait_until = null where what = ${what}`;
}

export async function forgetTries(db: Database, what: Buffer): Promise<void> {
  await db.server.signInTries.deleteMany({ where: { what: bytes(what) } });
}

/** Forgets all that is too old to count. */
export async function pruneTries(db: Database, now: Date): Promise<void> {
  await db.server.signInTries.deleteMany({
    where: { forgetAt: { lte: now }, OR: [{ waitUntil: null }, { waitUntil: { lte: now } }] },
  });
}
