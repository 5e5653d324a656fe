/** Attacks through sharing groups: on those who are put into them, on those who hide in them, on everybody. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { admits, createGroup } from '../support/groups.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let mallory: Actor;
let victim: Actor;

beforeAll(async () => {
  webhooks = await receiveWebhooks();
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  const communities = [slug()];
  mallory = await anActor(tocsin, { role: 'publisher', communities });
  victim = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

describe('a publisher who fills groups with others', () => {
  it('puts nobody into them, by any way to name a member', async () => {
    const direct = { slug: slug('group'), name: 'x', admission: 'direct', members: [victim.slug] };
    await mallory.sends('post', '/sharing-groups').send(direct).expect(403);
    const group = await createGroup(mallory, { open: true, members: [victim.slug] });
    const path = `/sharing-groups/${group}`;
    await mallory.sends('post', `${path}/members`).send({ organisation: victim.slug }).expect(202);
    await mallory.sends('post', `${path}/owners`).send({ organisation: victim.slug }).expect(202);
    await mallory.sends('patch', path).send({ admission: 'direct' }).expect(403);
    await mallory.shares(indicator(), { audience: group });
    expect(await victim.sees()).toEqual([]);
    const { body } = await mallory.sends('get', path).expect(200);
    expect(body).toMatchObject({ members: [mallory.slug], owners: [mallory.slug] });
  });

  it('adds nothing to what must be sent to others, however many groups they create', async () => {
    const state = () =>
      tocsin.sql(
        `select audiences from member_standing s join organisation o on o.id = s.organisation_id
         where o.slug = $1 order by realm_id`,
        [victim.slug],
      );
    const before = await state();
    for (let n = 0; n < 5; n++) await createGroup(mallory, { members: [victim.slug] });
    expect(await state()).toEqual(before);
    expect(await tocsin.sql('select from announcement')).toEqual([]);
  });
});

describe('a member of a group with hidden members', () => {
  it('does not learn by filters who shares with the group', async () => {
    const owner = await anActor(tocsin);
    const [reader, member, outsider] = [
      await anActor(tocsin),
      await anActor(tocsin),
      await anActor(tocsin),
    ];
    const group = await createGroup(owner, { hidden_members: true });
    for (const one of [reader, member]) await admits(owner, group, one);
    const filtered = (producer: string) =>
      subscribes(reader, webhooks, { filter: { producers: [producer] } });
    const byMember = await filtered(member.slug);
    const byOutsider = await filtered(outsider.slug);
    // A name that nobody has is taken in the same way.
    await filtered('nobody-at-all');
    const nameless = indicator();
    await member.shares(nameless, { audience: group });
    expect(await reader.sees()).toEqual([nameless.id]);
    // What names its creator, tells it to every reader.
    const [one, two] = [
      indicator({ created_by_ref: member.identity }),
      indicator({ created_by_ref: outsider.identity }),
    ];
    await member.shares(one, { audience: group });
    await outsider.shares(two, { audience: reader.slug });
    for (const [{ path }, id] of [
      [byMember, one.id],
      [byOutsider, two.id],
    ] as const) {
      const come = await webhooks.until(path, (seen) => seen.length > 0);
      expect(come.flatMap(({ objects }) => objects.map((object) => object.id))).toEqual([id]);
    }
  });

  it.each(['members', 'owners'])(
    'gets one answer for an organisation that it may not know and for none, from %s',
    async (part) => {
      const owner = await anActor(tocsin);
      const admin = await (await anActor(tocsin)).as('admin');
      const hidden = await anActor(tocsin);
      const inside = await anActor(tocsin);
      const group = await createGroup(owner);
      await admits(owner, group, inside);
      for (const { slug } of [hidden, inside]) {
        const suspended = { status: 'suspended' };
        await admin.sends('patch', `/organisations/${slug}`).send(suspended).expect(200);
      }
      const path = (slug: string) => `/sharing-groups/${group}/${part}/${slug}`;
      const answers = await Promise.all(
        [hidden.slug, 'nobody-at-all'].map(async (slug) => {
          const { status, body } = await owner.sends('delete', path(slug));
          return [status, (body as { code?: string }).code];
        }),
      );
      expect(answers).toEqual([
        [400, 'organisation_unknown'],
        [400, 'organisation_unknown'],
      ]);
      // What is in the group can be removed, whatever has become of it.
      await owner.sends('delete', path(inside.slug)).expect(204);
    },
  );

  it('gets the same answer about an organisation that is in it and one that is not', async () => {
    const owner = await anActor(tocsin);
    const [reader, member, outsider] = [
      await anActor(tocsin),
      await anActor(tocsin),
      await anActor(tocsin),
    ];
    const group = await createGroup(owner, { hidden_members: true });
    for (const one of [reader, member]) await admits(owner, group, one);
    const path = `/sharing-groups/${group}`;
    const tries = async ({ slug: organisation }: Actor) => {
      const answers = [
        await reader.sends('post', `${path}/members`).send({ organisation }),
        await reader.sends('post', `${path}/owners`).send({ organisation }),
        await reader.sends('delete', `${path}/members/${organisation}`),
        await reader.sends('delete', `${path}/owners/${organisation}`),
      ];
      return answers.map(({ status, text }) => {
        const { instance: _, ...body } = JSON.parse(text) as { instance?: string };
        return [status, JSON.stringify(body).replaceAll(organisation, 'it')];
      });
    };
    expect(await tries(member)).toEqual(await tries(outsider));
    const { body } = await reader
      .sends('post', '/audiences/preview')
      .send({ audience: [group], tlp: 'green' })
      .expect(200);
    const [level] = (body as { levels: { not_told: string[]; sees: object[] }[] }).levels;
    const named = JSON.stringify(level?.sees);
    for (const one of [member, outsider]) {
      expect(named).not.toContain(one.slug);
      expect(JSON.stringify(level?.not_told)).toContain(one.slug);
    }
  });
});
