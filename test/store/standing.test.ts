/** The answer about all members at once equals the answers about each. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { anExercise } from '../support/exercise.ts';
import { createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

/** The pairs of organisation and realm of which the two say different things; all pairs. */
async function compared(): Promise<{ different: number; pairs: number }> {
  const [row] = await tocsin.sql<{ different: number; pairs: number }>(`
    with one_by_one as (
      select o.id as organisation_id, r.id as realm_id, v.ceiling,
        array(select base_audiences(o.id, r.id) order by 1) as base
      from organisation o, realm r, lateral viewer_of(o.id, r.id) as v where v.self is not null
    )
    select count(*)::int as pairs, count(*) filter (where (n.ceiling, n.base, n.audiences)
      is distinct from (s.ceiling, s.base, case when s.ceiling is null then '{}' else s.base end)
    )::int as different
    from one_by_one s full join standing_now n using (organisation_id, realm_id)`);
  return row ?? { different: -1, pairs: -1 };
}

it('whatever agreements, communities, groups, exercises and standing there are', async () => {
  const [inner, outer, outermost] = [slug(), slug(), slug()];
  const admin = await anActor(tocsin, { role: 'admin' });
  const wishes = [
    { communities: [inner] },
    { communities: [inner, 'alliance'], ceiling: 'green' },
    { communities: [] },
    { communities: ['alliance'] },
    { communities: ['alliance'], ceiling: 'clear' },
  ] as const;
  const members: Actor[] = [];
  for (const wish of wishes) members.push(await anActor(tocsin, wish));
  for (const [name, contains] of [
    [outer, inner],
    [outermost, outer],
  ] as const) {
    const wish = { slug: name, name, contains: [contains] };
    await admin.sends('post', '/communities').send(wish).expect(201);
  }
  const [one, two, none, suspended, ended] = members as [Actor, Actor, Actor, Actor, Actor];
  // Who has no agreement cannot accept an invitation.
  const group = `/sharing-groups/${await createGroup(one)}`;
  await admin.sends('patch', group).send({ admission: 'direct' }).expect(200);
  for (const { slug: organisation } of [two, none, suspended, ended]) {
    await one.sends('post', `${group}/members`).send({ organisation }).expect(200);
  }
  await anExercise(tocsin, [one, none]);
  const path = `/organisations/${suspended.slug}`;
  await admin.sends('patch', path).send({ status: 'suspended' }).expect(200);
  await tocsin.sql(
    `update agreement set valid_from = '2020-01-01', valid_until = now() where organisation_id =
       (select id from organisation where slug = $1)`,
    [ended.slug],
  );
  const { different, pairs } = await compared();
  expect(different).toBe(0);
  expect(pairs).toBeGreaterThan(8);
});
