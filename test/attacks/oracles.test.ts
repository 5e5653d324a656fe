/**
 * An answer tells nothing of what its caller may not see: for a hidden thing it is, byte for byte,
 * the one for a thing that nobody has, and the server does the same work for it.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { findHistory } from '../../src/store/content/history.ts';
import { findObject } from '../../src/store/content/objects.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator, newer, type PostedObject } from '../support/builders.ts';
import { anExercise } from '../support/exercise.ts';
import { createGroup } from '../support/groups.ts';
import { aPerson } from '../support/people.ts';
import { countRowsRead } from '../support/rows-read.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import {
  aboutOrganisation,
  answerTo,
  ENDING,
  otherThan,
  withoutEnding,
  type Question,
} from './answers.ts';

let tocsin: Tocsin;
/** Who asks, in each role; a member that shares no community with the others. */
let mallory: Actor;
let hidden: Hidden;
/** A group that mallory owns. */
let own: string;

/** What mallory may not know of, by its name or id. */
interface Hidden {
  readonly object: PostedObject;
  readonly organisation: string;
  readonly invitedIdentity: string;
  readonly community: string;
  readonly group: string;
  readonly key: string;
  readonly user: string;
  readonly subscription: string;
  readonly realm: string;
}

beforeAll(async () => {
  tocsin = await startTocsin();
  const community = slug();
  const alice = await anActor(tocsin, { communities: [community] });
  mallory = await anActor(tocsin, { communities: [slug()] });
  hidden = await hide(alice, community);
  own = await createGroup(mallory);
});
afterAll(() => tocsin.close());

async function hide(alice: Actor, community: string): Promise<Hidden> {
  const object = indicator();
  await alice.shares(object);
  const invited = await anActor(tocsin);
  await tocsin.sql(`update organisation set status = 'invited' where slug = $1`, [invited.slug]);
  const group = await createGroup(alice);
  const hook = { url: 'https://127.0.0.1:9/hook' };
  const made = await alice.sends('post', '/subscriptions').send(hook).expect(201);
  const { slug: realm } = await anExercise(tocsin, [alice]);
  return {
    object,
    organisation: invited.slug,
    invitedIdentity: invited.identity,
    community,
    group,
    key: alice.key.split('_')[1] ?? '',
    user: (await aPerson(tocsin, alice)).id,
    subscription: (made.body as { id: string }).id,
    realm,
  };
}

interface Case {
  readonly names: () => readonly [hidden: string, unknown: string];
  readonly questions: readonly Question[];
}

const CASES: Readonly<Record<string, Case>> = {
  'an object': {
    names: () => [hidden.object.id, indicator().id],
    questions: [
      ['get', (id) => `/objects/${id}`],
      ['get', (id) => `/objects/${id}?version=all`],
      ['get', (id) => `/objects/${id}?version=2026-01-01T00:00:00Z`],
      ['get', (id) => `/objects/${id}/history`],
      ['get', (id) => `/objects/${id}/access?organisation=${mallory.slug}`],
      ['patch', (id) => `/objects/${id}`, () => ({ tlp: 'amber' })],
      ['post', (id) => `/objects/${id}/revoke`],
      ['post', (id) => `/objects/${id}/purge`, () => ({ reason: 'mine' })],
    ],
  },
  'an organisation': {
    names: () => [hidden.organisation, slug('org')],
    questions: [
      ...aboutOrganisation(() => own),
      ['get', (name) => `/objects/${hidden.object.id}/access?organisation=${name}`],
    ],
  },
  'a community': {
    names: () => [hidden.community, slug()],
    questions: [
      ['post', (name) => `/bundles?audience=${name}`, () => bundle([])],
      ['post', () => '/audiences/preview', (name) => ({ audience: [name] })],
      ['patch', () => `/organisations/${mallory.slug}`, (name) => ({ default_community: name })],
      ['get', (name) => `/sharing-groups/${name}`],
    ],
  },
  'a group': {
    names: () => [hidden.group, otherThan(hidden.group)],
    questions: [
      ['post', (name) => `/bundles?audience=${name}`, () => bundle([])],
      ['post', (name) => `/indicators?audience=${name}`, () => indicator()],
      ['post', () => '/audiences/preview', (name) => ({ audience: [name] })],
      ['get', (name) => `/sharing-groups/${name}`],
      ['patch', (name) => `/sharing-groups/${name}`, () => ({ name: 'Mine' })],
      ['post', (name) => `/sharing-groups/${name}/members`, () => ({ organisation: mallory.slug })],
      ['post', (name) => `/sharing-groups/${name}/owners`, () => ({ organisation: mallory.slug })],
      ['delete', (name) => `/sharing-groups/${name}/members/${mallory.slug}`],
      ['delete', (name) => `/sharing-groups/${name}/owners/${mallory.slug}`],
    ],
  },
  'a key': {
    names: () => [hidden.key, randomUUID().replaceAll('-', '').slice(0, 12)],
    questions: [
      ['delete', (id) => `/keys/${id}`],
      ['post', (id) => `/keys/${id}/rotate`, () => ({})],
      ['get', (id) => `/keys?created_by=${id}`],
    ],
  },
  'a user': {
    names: () => [hidden.user, randomUUID()],
    questions: [
      ['get', (id) => `/users/${id}`],
      ['patch', (id) => `/users/${id}`, () => ({ name: 'Mine' })],
      ['post', (id) => `/users/${id}/invitation`],
      ['post', (id) => `/users/${id}/reset-second-factor`],
      ['get', (id) => `/keys?created_by=${id}`],
    ],
  },
  'a webhook': {
    names: () => [hidden.subscription, randomUUID()],
    questions: [
      ['get', (id) => `/subscriptions/${id}`],
      ['get', (id) => `/subscriptions/${id}/attempts`],
      ['patch', (id) => `/subscriptions/${id}`, () => ({ description: 'mine' })],
      ['delete', (id) => `/subscriptions/${id}`],
      ['post', (id) => `/subscriptions/${id}/test`],
      ['post', (id) => `/subscriptions/${id}/replay`, () => ({ start: 'now' })],
      ['post', (id) => `/subscriptions/${id}/rotate-secret`, () => ({})],
    ],
  },
  'an exercise': {
    names: () => [hidden.realm, slug('exercise')],
    questions: [
      ['get', (name) => `/realms/${name}`],
      ['post', () => '/keys', (realm) => ({ realm, role: 'feed' })],
      ['post', (name) => `/bundles?audience=${name}`, () => bundle([])],
    ],
  },
};

describe('what is hidden is answered as what nobody has:', () => {
  const cells = Object.entries(CASES).flatMap(([thing, { names, questions }]) =>
    questions.map((question) => {
      const [method, path] = question;
      return [thing, method, path, question, names] as const;
    }),
  );
  it.each(cells)('%s, %s %s', async (_, __, ___, question, names) => {
    const [known, unknown] = names();
    for (const role of ['org_admin', 'publisher', 'analyst', 'feed'] as const) {
      const who = role === 'org_admin' ? mallory : await mallory.as(role);
      expect(await answerTo(who, question, known)).toEqual(await answerTo(who, question, unknown));
    }
  });

  it('and the table would tell: a visible object is answered differently', async () => {
    const own = indicator();
    await mallory.shares(own, { audience: mallory.slug });
    for (const question of CASES['an object']?.questions.slice(0, 2) ?? []) {
      const seen = await answerTo(mallory, question, own.id);
      expect(seen).not.toEqual(await answerTo(mallory, question, indicator().id));
    }
  });
});

describe('names that a member chooses', () => {
  it('may look like those of things that it cannot know of', async () => {
    for (const like of [hidden.group, hidden.community, hidden.organisation]) {
      const other = await anActor(tocsin);
      const path = `/organisations/${other.slug}`;
      await other.sends('patch', path).send({ name: like }).expect(200);
      await other.sends('patch', path).send({ name: other.slug }).expect(200);
      const name = like.replaceAll('-', '--');
      await mallory.sends('post', '/sharing-groups').send({ slug: name, name }).expect(201);
    }
  });

  it('but not like those that it knows', async () => {
    const other = await anActor(tocsin);
    for (const known of [other.slug, other.slug.replace('-', '--')]) {
      const { body } = await mallory
        .sends('post', '/sharing-groups')
        .send({ slug: known, name: known })
        .expect(409);
      expect(body).toMatchObject({ code: 'name_taken' });
    }
  });

  it.each(['group', 'community', 'organisation'] as const)(
    'may be the exact slug of a hidden %s: the answer is the same as for a fresh name',
    async (thing) => {
      const create: Question = ['post', () => '/sharing-groups', (name) => ({ slug: name, name })];
      for (const who of [mallory, await mallory.as('publisher')]) {
        const taken = await answerTo(who, create, hidden[thing]);
        const fresh = await answerTo(who, create, otherThan(hidden[thing]));
        expect(withoutEnding(taken)).toEqual(withoutEnding(fresh));
        expect(fresh).toMatchObject({ status: 201, body: expect.stringMatching(ENDING) });
      }
    },
  );

  it('never name the hidden thing afterwards', async () => {
    const given = await createGroup(mallory, { slug: hidden.group });
    await mallory.sends('get', `/sharing-groups/${given}`).expect(200);
    await mallory.sends('get', `/sharing-groups/${hidden.group}`).expect(404);
  });

  it('keep an organisation from being let in under a name that was taken meanwhile', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    await mallory
      .sends('patch', `/organisations/${mallory.slug}`)
      .send({ name: hidden.organisation });
    const path = `/organisations/${hidden.organisation}`;
    const { body } = await admin.sends('patch', path).send({ status: 'active' }).expect(409);
    expect(body).toMatchObject({ code: 'name_taken' });
  });
});

it('an organisation that is only invited is nobody yet, in whose name others can speak', async () => {
  const share = async (createdBy: string): Promise<unknown> => {
    const { body } = await mallory.posts(indicator({ created_by_ref: createdBy }), {
      audience: mallory.slug,
    });
    return (body as { summary: unknown }).summary;
  };
  const unknown = await share(`identity--${randomUUID()}`);
  expect(await share(hidden.invitedIdentity)).toEqual(unknown);
  const member = await anActor(tocsin);
  expect(await share(member.identity)).toMatchObject({ rejected: 1 });
});

describe('a hidden object costs no more than its current version, however many it has:', () => {
  const VERSIONS = 40;
  /** So many that the planner takes the index of their ids. */
  const OTHERS = 2000;

  beforeAll(async () => {
    const others = await anActor(tocsin, { communities: [slug()] });
    await others.posts(Array.from({ length: OTHERS }, () => indicator())).expect(200);
    await tocsin.sql('vacuum analyze version');
  });

  type Read = (...asked: Parameters<typeof findHistory>) => Promise<unknown>;
  const reads: Readonly<Record<string, Read>> = {
    '?version=all': (tx, realmId, id) => findObject(tx, realmId, id, { all: true }),
    '?version=…': (tx, realmId, id) =>
      findObject(tx, realmId, id, { all: false, modified: '2026-01-01T00:00:00Z' }),
    '/history': findHistory,
  };

  it.each(Object.entries(reads))('%s', async (_, read) => {
    const sharer = await anActor(tocsin, { communities: [slug()] });
    const object = indicator();
    for (let i = 0; i < VERSIONS; i++) await sharer.posts(newer(object, i)).expect(200);
    const { db, take } = countRowsRead(tocsin.db, 'version');
    const rowsFor = async (who: Actor, id: string): Promise<number> => {
      const { viewer } = await memberOfOrganisation(tocsin.db, who.slug, 'test');
      await asViewer(db, viewer, async (tx) => {
        // As on a table that is larger than this one.
        await tx.$executeRaw`set local enable_seqscan = off`;
        await read(tx, viewer.realmId, id);
      });
      return take();
    };
    expect(await rowsFor(mallory, indicator().id)).toBe(0);
    expect(await rowsFor(mallory, object.id)).toBeLessThanOrEqual(1);
    expect(await rowsFor(sharer, object.id)).toBeGreaterThan(1);
  });
});
