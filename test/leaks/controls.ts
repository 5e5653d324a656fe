/** Negative controls: what is known to be wrong must make the test fail, or it proves nothing. */
import type { Tocsin } from '../support/tocsin.ts';
import { liveThrough } from './history.ts';
import { newJudge, type Finding } from './judge.ts';
import type { Plan } from './plan.ts';
import type { Ground } from './world.ts';

/** Breaks the server, and gives how to mend it. */
type Break = (tocsin: Tocsin) => Promise<() => Promise<unknown>>;

export const CONTROLS: Readonly<Record<string, Break>> = {
  'row-security-of-version': withoutRowSecurity('version'),
  'row-security-of-observable': withoutRowSecurity('observable'),
  'row-security-of-log': withoutRowSecurity('log'),
  'row-security-of-subscription': withoutRowSecurity('subscription'),
  'row-security-of-attempt': withoutRowSecurity('attempt'),
  'row-security-of-audit': withoutRowSecurity('audit'),
  'ceiling-dropped': dropCeiling,
  'withdrawal-forgotten': forgetWithdrawal,
  'newcomers-untold': tellNobody,
};

/** What a plan comes to while the server is so broken. */
export async function findingsWith(
  ground: Ground,
  name: string,
  plan: Plan,
): Promise<readonly Finding[]> {
  const judge = newJudge();
  const mend = await CONTROLS[name]?.(ground.tocsin);
  try {
    await liveThrough(ground, plan, judge);
  } finally {
    await mend?.();
  }
  return judge.findings;
}

function withoutRowSecurity(table: string): Break {
  return async ({ sql }) => {
    await sql(`alter table ${table} disable row level security`);
    return () => sql(`alter table ${table} enable row level security`);
  };
}

/** The test of the ceiling, taken out of the predicate as the database has it. */
async function dropCeiling({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  const [policy] = await sql<{ qual: string }>(
    `select qual from pg_policies where tablename = 'version' and policyname = 'visible'`,
  );
  const qual = policy?.qual ?? '';
  const dropped = qual.replace('tlp <=', 'tlp >= 0 or tlp <=');
  if (dropped === qual) throw new Error(`The predicate has no ceiling: ${qual}`);
  await sql(`alter policy visible on version using (${dropped})`);
  return () => sql(`alter policy visible on version using (${qual})`);
}

/** The first withdrawal after a narrowing never comes to the inbox. */
async function forgetWithdrawal({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  await sql('create sequence forgotten');
  await sql(`
    create function forget() returns trigger language plpgsql security definer as $$
    begin
      if nextval('forgotten') = 1 then return null; end if;
      return new;
    end
    $$`);
  for (const turn of [0, 1]) {
    await sql(`create trigger forget before insert on inbox_${turn} for each row
      when (new.kind = 'withdraw') execute function forget()`);
  }
  return async () => {
    await sql('drop function forget cascade');
    await sql('drop sequence forgotten');
  };
}

/** What organisations gain and lose is compared with nothing. */
async function tellNobody({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  await sql('alter function note_standing() rename to note_standing_kept');
  await sql(`create function note_standing() returns integer language sql as 'select 0'`);
  return async () => {
    await sql('drop function note_standing()');
    await sql('alter function note_standing_kept() rename to note_standing');
  };
}
