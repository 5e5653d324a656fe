/** Negative controls: what is known to be wrong must make the test fail, or it proves nothing. */
import type { Tocsin } from '../support/tocsin.ts';
import { liveThrough } from './history.ts';
import { newJudge, type Finding } from './judge.ts';
import type { Plan } from './plan.ts';
import type { Ground } from './world.ts';

/** Breaks the server, and returns how to restore it. */
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
  'clearance-of-everybody': clearEverybody,
  'red-withdrawals-for-everybody': withdrawRedFromAll,
  'red-withdrawals-forgotten': forgetRedWithdrawals,
  'purge-untold': purgeSilently,
  'all-rows-alike': takeAllRowsForAlike,
  'members-of-hidden-groups-named': nameEverybody,
  'level-of-the-day': serveLevelOfTheDay,
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
  const dropped = qual.replace('(tlp)::smallint <=', 'tlp >= tlp_clear() or tlp <=');
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

/** Every user who signs in has RED clearance. */
async function clearEverybody({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  await sql(`
    create function clear_everybody() returns trigger language plpgsql as $$
    begin
      new.red_clearance := true;
      return new;
    end
    $$`);
  await sql(`create trigger clear_everybody before insert on user_account
    for each row execute function clear_everybody()`);
  return () => sql('drop function clear_everybody cascade');
}

/** The test of clearance, taken out of the predicate as the database has it. */
async function withdrawRedFromAll({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  const [policy] = await sql<{ qual: string }>(
    `select qual from pg_policies where tablename = 'log' and policyname = 'told'`,
  );
  const qual = policy?.qual ?? '';
  const dropped = qual.replace('(tlp)::smallint < tlp_red()', 'tlp <= tlp_red()');
  if (dropped === qual) throw new Error(`The predicate has no clearance: ${qual}`);
  await sql(`alter policy told on log using (${dropped})`);
  return () => sql(`alter policy told on log using (${qual})`);
}

/** What was RED is withdrawn from nobody. */
async function forgetRedWithdrawals({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  await sql(`
    create function forget_red() returns trigger language plpgsql as 'begin return null; end'`);
  for (const turn of [0, 1]) {
    await sql(`create trigger forget_red before insert on inbox_${turn} for each row
      when (new.kind = 'withdraw' and new.tlp = tlp_red()) execute function forget_red()`);
  }
  return () => sql('drop function forget_red cascade');
}

/** An object is purged, and its readers receive no withdrawal. */
async function purgeSilently({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  await sql('alter function purge_object rename to purge_object_kept');
  await sql(`
    create function purge_object(object text, by_actor text, because bytea,
                                 out versions integer, out told integer, out sharers integer[])
    language plpgsql security definer as $$
    begin
      select * into versions, told, sharers from purge_object_kept(object, by_actor, because);
      delete from inbox where stix_id = object;
    end
    $$`);
  return async () => {
    await sql('drop function purge_object');
    await sql('alter function purge_object_kept rename to purge_object');
  };
}

/** A reader who may see one current version of a part of the log receives all of them. */
async function takeAllRowsForAlike({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  const [found] = await sql<{ text: string }>(
    `select pg_get_functiondef('log_classes'::regproc) as text`,
  );
  const text = found?.text ?? '';
  const alike = text.replace(/group by .*(?=case when)/s, 'group by ');
  if (alike === text) throw new Error(`The classes are not grouped: ${text}`);
  await sql(alike);
  return () => sql(text);
}

/** The sharer is named to all members of a group, whether its members are hidden or not. */
async function nameEverybody({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  const [found] = await sql<{ text: string }>(
    `select pg_get_functiondef('telling_audiences'::regproc) as text`,
  );
  const text = found?.text ?? '';
  const naming = text.replace('not a.hidden_members', 'true');
  if (naming === text) throw new Error(`No members are hidden: ${text}`);
  await sql(naming);
  return () => sql(text);
}

/** A reader of the log sees the level that an object had when it was added to the log. */
async function serveLevelOfTheDay({ sql }: Tocsin): Promise<() => Promise<unknown>> {
  const [found] = await sql<{ text: string }>(`select pg_get_viewdef('log_served') as text`);
  const text = found?.text ?? '';
  const view = 'create or replace view log_served with (security_invoker = true) as';
  const ofTheDay = text.replace(/\bv\.level\b/, 'l.tlp::smallint');
  if (ofTheDay === text) throw new Error(`No level is served: ${text}`);
  await sql(`${view} ${ofTheDay}`);
  return () => sql(`${view} ${text}`);
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
