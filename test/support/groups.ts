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

/**
 * An organisation creates a sharing group through REST. Returns its slug, to which the server appends an
 * ending.
 */
export async function createGroup(owner: Actor, input: object = {}): Promise<string> {
  const name = slug('group');
  const answer = await owner
    .sends('post', '/sharing-groups')
    .send({ slug: name, name, ...input })
    .expect(201);
  return (answer.body as { slug: string }).slug;
}

/** An owner invites an organisation into a group, and the organisation accepts. */
export async function admits(owner: Actor, group: string, member: Actor): Promise<void> {
  const path = `/sharing-groups/${group}/members`;
  await owner.sends('post', path).send({ organisation: member.slug }).expect(202);
  await accepts(member, group);
}

/** An organisation accepts its invitation into a group. */
export async function accepts(member: Actor, group: string): Promise<void> {
  const path = `/sharing-groups/${group}/members`;
  await member.sends('post', path).send({ organisation: member.slug }).expect(200);
}
