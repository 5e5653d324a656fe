import { slug, type Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

/** A sharing group of these members; its slug. */
export async function aGroup({ sql }: Tocsin, members: readonly Actor[]): Promise<string> {
  const name = slug('group');
  await sql(`insert into audience (realm_id, kind, slug) values (1, 'group', $1)`, [name]);
  await sql(
    `insert into audience_member (audience_id, organisation_id)
     select a.id, o.id from audience a, organisation o where a.slug = $1 and o.slug = any($2)`,
    [name, members.map((member) => member.slug)],
  );
  return name;
}
