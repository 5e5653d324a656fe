import { randomBytes } from 'node:crypto';
import request, { type Response, type Test } from 'supertest';
import { createKey, createOrganisation } from '../../src/members/create.ts';
import type { Role } from '../../src/sharing/member.ts';
import type { Tlp } from '../../src/stix/marking/tlp.ts';
import { bundle, type PostedObject } from './builders.ts';
import type { Tocsin } from './tocsin.ts';

export interface ActorInput {
  readonly slug?: string;
  readonly role?: Role;
  /** The first is its default audience. */
  readonly communities?: readonly string[];
  readonly ceiling?: Tlp;
  readonly defaultTlp?: Tlp;
  readonly expiresAt?: Date;
}

/** What stands beside an object. */
export interface Context {
  readonly tlp: string;
  readonly sharers: string[];
  readonly date_added: string | null;
  readonly realm: string;
}

export interface Changes {
  readonly objects: PostedObject[];
  readonly context: Context[];
  readonly withdrawn: string[];
  readonly next: string;
  readonly more: boolean;
}

/** A slug that nobody has: a community of a test's own. */
export function slug(stem = 'community'): string {
  return `${stem}-${randomBytes(5).toString('hex')}`;
}

/** An organisation with one key of the role wished, publisher unless told otherwise. */
export async function anActor(tocsin: Tocsin, wish: ActorInput = {}): Promise<Actor> {
  const organisation = wish.slug ?? slug('org');
  const { communities = ['alliance'], ceiling = 'red', defaultTlp = 'amber' } = wish;
  const facts = {
    name: organisation,
    kind: 'allied_nation',
    communities,
    ceiling,
    defaultTlp,
  } as const;
  const { identity } = await createOrganisation(
    tocsin.db,
    { slug: organisation, ...facts },
    'test',
  );
  const key = await keyOf(tocsin, organisation, wish.role ?? 'org_admin', wish.expiresAt);
  return new Actor(tocsin, { slug: organisation, identity, key });
}

/** A new key of an organisation. */
export function keyOf(
  { db, keyring }: Tocsin,
  organisation: string,
  role: Role,
  expiresAt: Date | null = null,
): Promise<string> {
  return createKey(db, keyring, { organisation, role, label: 'test', expiresAt }, 'test');
}

/** A client of the server that holds one key. */
export class Actor {
  readonly slug: string;
  readonly identity: string;
  readonly key: string;
  readonly #tocsin: Tocsin;

  constructor(tocsin: Tocsin, who: { slug: string; identity: string; key: string }) {
    this.#tocsin = tocsin;
    this.slug = who.slug;
    this.identity = who.identity;
    this.key = who.key;
  }

  /** The same organisation through another key. */
  async as(role: Role): Promise<Actor> {
    const { slug: organisation, identity } = this;
    const key = await keyOf(this.#tocsin, organisation, role);
    return new Actor(this.#tocsin, { slug: organisation, identity, key });
  }

  /** Any request under /api/v1. */
  sends(method: 'get' | 'post' | 'patch' | 'delete', path: string): Test {
    const agent = request(this.#tocsin.url);
    return agent[method](`/api/v1${path}`).set('authorization', `Bearer ${this.key}`);
  }

  /** Posts objects as one bundle. */
  posts(objects: PostedObject | readonly unknown[], query: object = {}): Test {
    const list = Array.isArray(objects) ? objects : [objects];
    return this.sends('post', '/bundles').query(query).send(bundle(list));
  }

  /** Posts objects that must all be taken; then waits until they are in the log. */
  async shares(objects: PostedObject | readonly PostedObject[], query: object = {}): Promise<void> {
    const response = await this.posts(objects, query);
    const { summary, results } = response.body as {
      summary?: Record<string, number>;
      results?: unknown;
    };
    if (response.status !== 200 || summary?.['rejected'] !== 0) {
      throw new Error(`Not shared: ${response.status} ${JSON.stringify(results ?? response.body)}`);
    }
    await this.#tocsin.sequenced();
  }

  /** One page of changes, of all that was committed before. */
  async reads(
    query: { after?: string; limit?: number; as_posted?: boolean } = {},
  ): Promise<Changes> {
    await this.#tocsin.sequenced();
    const response = await this.sends('get', '/changes').query(query);
    if (response.status !== 200) throw new Error(`Not read: ${response.text}`);
    return response.body as Changes;
  }

  /** The ids of the objects it sees from the beginning, sorted. */
  async sees(): Promise<string[]> {
    const { objects } = await this.reads({ limit: 10_000 });
    return [...new Set(objects.map(({ id }) => id))].toSorted();
  }

  /** `GET /objects/{id}`; as it was posted unless told otherwise. */
  finds(id: string, query: object = {}): Test {
    return this.sends('get', `/objects/${id}`).query({ as_posted: true, ...query });
  }
}

/** What a bundle was answered: the outcome, or the code of a rejection, for each object. */
export function outcomes(response: Response): string[] {
  const { results } = response.body as { results: { outcome: string; code?: string }[] };
  return results.map(({ outcome, code }) => code ?? outcome);
}
