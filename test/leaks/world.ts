/** A history's own members on a running server, beside those of every other history. */
import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import { createKey, createOrganisation } from '../../src/members/create.ts';
import { ROLES, type Role } from '../../src/sharing/member.ts';
import { TLP_ORDER } from '../../src/stix/marking/tlp.ts';
import { indicator, TLP_BY_RANK, type PostedObject } from '../support/builders.ts';
import type { Tocsin } from '../support/tocsin.ts';
import type { Webhooks } from '../support/webhooks.ts';
import {
  COMMUNITIES,
  foundedModel,
  FOUNDERS,
  PEOPLE,
  type Ceilings,
  type Viewer,
} from './founding.ts';
import type { Model } from './model.ts';
import { signIn, type Person } from './people.ts';
import type { Rank } from './step.ts';

/** What a test asks in a minute is more than a key may. */
export const UNLIMITED = { TOCSIN_RATE_REQUESTS: '1000000000', TOCSIN_RATE_ROWS: '1000000000' };

/** What histories are lived through on. */
export interface Ground {
  readonly tocsin: Tocsin;
  readonly webhooks: Webhooks;
  /** Keys of two administrators, of an organisation that is in no history. */
  readonly administrators: readonly string[];
}

export interface World extends Ground {
  readonly model: Model;
  /** In every slug, id and text of this history, and in no other's. */
  readonly mark: string;
  /** By the name of the signed-in reader. */
  readonly people: ReadonlyMap<string, Person>;
  /** By the name of an organisation, the STIX identity that is its own. */
  readonly identities: ReadonlyMap<string, string>;
  /** By the name of an organisation and a role. */
  key(organisation: string, role: Role): string;
  /** The key of that role, or who reads in person its access token. */
  credential(who: Viewer, role: Role): string;
  /** The names in the model have slugs on the server. */
  slugOf(name: string): string;
  nameOf(slug: string): string | undefined;
  /** The server gives a group another slug than the one that was asked for. */
  readonly groupSlugs: Map<string, string>;
}

const ROLES_OF_ADMINISTRATORS = ['admin', 'admin'] as const;

export async function prepareGround(tocsin: Tocsin, webhooks: Webhooks): Promise<Ground> {
  const slug = `office-${newMark()}`;
  await found(tocsin, { slug, community: 'alliance', partner: false, rank: 4 });
  const keys = ROLES_OF_ADMINISTRATORS.map((role) => keyFor(tocsin, slug, role));
  return { tocsin, webhooks, administrators: await Promise.all(keys) };
}

export async function foundWorld(ground: Ground, ceilings: Ceilings): Promise<World> {
  const mark = newMark();
  const keys = new Map<string, string>();
  const people = new Map<string, Person>();
  const identities = new Map<string, string>();
  const key = (organisation: string, role: Role): string =>
    keys.get(`${organisation} ${role}`) ?? '';
  const groupSlugs = new Map<string, string>();
  const slugOf = (name: string): string => groupSlugs.get(name) ?? `${name}-${mark}`;
  const world: World = {
    ...ground,
    model: foundedModel(ceilings),
    mark,
    people,
    identities,
    key,
    credential: (who, role) =>
      who.person ? (people.get(who.name)?.token ?? '') : key(who.organisation, role),
    slugOf,
    nameOf: (slug) => {
      const [name, ...rest] = slug.split(`-${mark}`);
      return name !== undefined && rest.length > 0 && slugOf(name) === slug ? name : undefined;
    },
    groupSlugs,
  };
  for (const [community, within] of Object.entries(COMMUNITIES)) {
    const wish = { slug: slugOf(community), name: community, within: within.map(slugOf) };
    await must(administrates(world, 'POST', '/communities', wish));
  }
  for (const { name, community, partner } of FOUNDERS) {
    const [slug, rank] = [slugOf(name), ceilings[name] ?? 0];
    const wish = { slug, community: slugOf(community), partner, rank };
    identities.set(name, await found(ground.tocsin, wish));
    const contacts = [contactOf(world, name, true), contactOf(world, name, false)];
    await must(administrates(world, 'PATCH', `/organisations/${slug}`, { contacts }));
    for (const role of ROLES) {
      keys.set(`${name} ${role}`, await keyFor(ground.tocsin, slug, role));
    }
  }
  for (const who of PEOPLE) {
    const slug = slugOf(who.organisation);
    people.set(who.name, await signIn(ground.tocsin, who, { slug, mark }));
  }
  return world;
}

async function found(
  { db }: Tocsin,
  wish: { slug: string; community: string; partner: boolean; rank: Rank },
): Promise<string> {
  const { slug, community, partner, rank } = wish;
  const kind = partner ? ('partner_nation' as const) : ('allied_nation' as const);
  const ceiling = TLP_ORDER[rank] ?? 'clear';
  const facts = { name: slug, communities: [community], ceiling, defaultTlp: 'amber' as const };
  const { identity } = await createOrganisation(db, { slug, kind, ...facts }, 'test');
  return identity;
}

function keyFor({ db, keyring }: Tocsin, organisation: string, role: Role): Promise<string> {
  return createKey(db, keyring, { organisation, role, label: '', expiresAt: null }, 'test');
}

/** Ten digits, so that marks never look like one another. */
function newMark(): string {
  return (100_000_000_000 + (randomBytes(6).readUIntBE(0, 6) % 900_000_000_000)).toString(16);
}

// Requests ------------------------------------------------------------------------------------

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface Question {
  readonly key: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below /api/v1. */
  readonly path: string;
  readonly body?: object | undefined;
  readonly accept?: string;
}

/** Asks the server. Throws when it fails. */
export async function ask({ tocsin }: Ground, question: Question): Promise<Answer> {
  const { key, method = 'GET', path, body, accept = 'application/json' } = question;
  const answer = await request(`${tocsin.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const { statusCode: status } = answer;
  if (status >= 500 || status === 429) throw new Error(`${method} ${path}: ${status} ${text}`);
  const headers = answer.headers as Answer['headers'];
  return { status, headers, text };
}

export function administrates(
  world: World,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  administrator = 0,
): Promise<Answer> {
  return ask(world, { key: world.administrators[administrator] ?? '', method, path, body });
}

export async function must(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
}

// What is shared ------------------------------------------------------------------------------

export function idOf({ mark }: World, object: number): string {
  const number = object.toString(16);
  const [a, b, c] = [mark.slice(0, 4), mark.slice(4, 7), mark.slice(7, 10)];
  return `indicator--${number.padStart(8, '0')}-${a}-4${b}-a${c}-${number.padStart(12, '0')}`;
}

/** The objects whose ids stand in a text. */
export function objectsIn({ mark }: World, text: string): Set<number> {
  const [a, b, c] = [mark.slice(0, 4), mark.slice(4, 7), mark.slice(7, 10)];
  const ids = text.matchAll(new RegExp(`indicator--([0-9a-f]{8})-${a}-4${b}-a${c}-`, 'g'));
  return new Set(Array.from(ids, ([, number = '']) => Number.parseInt(number, 16)));
}

/** What the content of a version says, and nothing else in the world. */
function wordOf({ mark }: World, number: number): string {
  return `word-${mark}-${number}-`;
}

/** What nobody may see: no version has that number. */
export function secretWordOf(world: World): string {
  return wordOf(world, 0);
}

/** The numbers of the versions of which a text holds anything. */
export function wordsIn({ mark }: World, text: string): Set<number> {
  const words = text.matchAll(new RegExp(`word-${mark}-(\\d+)-`, 'g'));
  return new Set(Array.from(words, ([, number]) => Number(number)));
}

const START_MS = Date.UTC(2025, 0, 1);

/** A version as it is posted. Two objects look for the same, so that one is a re-issue. */
export function versionToPost(
  world: World,
  version: {
    readonly object: number;
    readonly number: number;
    readonly rank: Rank | null;
    /** The name of its creator. */
    readonly creator: string | null;
  },
): PostedObject {
  const { object, number, rank, creator } = version;
  const time = new Date(START_MS + number * 60_000).toISOString();
  return indicator({
    id: idOf(world, object),
    created: new Date(START_MS).toISOString(),
    modified: time,
    name: wordOf(world, number),
    pattern: `[domain-name:value = 'host-${object >> 1}-${world.mark}.example.com']`,
    ...(creator === null ? {} : { created_by_ref: world.identities.get(creator) }),
    ...(rank === null ? {} : { object_marking_refs: [TLP_BY_RANK[rank]] }),
  });
}

/** A point of contact that is shown to all members, or is not. */
function contactOf(world: World, organisation: string, shown: boolean): object {
  const name = `${shown ? 'known' : 'secret'}-${world.slugOf(organisation)}`;
  return { role: 'technical', name, email: 'duty@example.com', shown };
}
