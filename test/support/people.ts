/** Users of organisations, as people who sign in. */
import { randomBytes } from 'node:crypto';
import request, { type Response, type Test } from 'supertest';
import { operator } from '../../src/organisations/administer.ts';
import { acceptInvitation } from '../../src/organisations/invitations.ts';
import { inviteUser, type UserRole } from '../../src/organisations/user-acts.ts';
import { Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session: string;
}

export interface PersonWish {
  readonly role?: UserRole;
  readonly redClearance?: boolean;
  readonly email?: string;
}

/** An address that nobody has. */
export function anEmail(): string {
  return `user-${randomBytes(5).toString('hex')}@example.org`;
}

/** The cookies that an answer sets, as a browser sends them back. */
export function cookiesOf({ headers }: Response): string {
  const set: unknown = headers['set-cookie'] ?? [];
  return [set]
    .flat()
    .map((cookie) => String(cookie).split(';')[0])
    .join('; ');
}

/** The origin of an act in a test that calls a verb itself. */
export const NOWHERE = { requestId: 'test', address: '192.0.2.1' };

/** A user of an organisation who has come in by a link, not signed in yet. */
export async function aPerson(
  tocsin: Tocsin,
  organisation: { readonly slug: string; readonly identity: string },
  { role = 'analyst', redClearance = false, email = anEmail() }: PersonWish = {},
): Promise<Person> {
  const wish = { organisation: organisation.slug, email, name: 'A person', role, redClearance };
  const { db, clock } = tocsin;
  const { user, token } = await inviteUser(db, operator('test'), wish, clock.now());
  const password = `long enough ${randomBytes(4).toString('hex')}`;
  await acceptInvitation(tocsin, { token, password }, NOWHERE);
  return new Person(tocsin, organisation, { id: user.id, email, password });
}

export class Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly #tocsin: Tocsin;
  readonly #organisation: { readonly slug: string; readonly identity: string };

  constructor(
    tocsin: Tocsin,
    organisation: { readonly slug: string; readonly identity: string },
    who: { readonly id: string; readonly email: string; readonly password: string },
  ) {
    this.#tocsin = tocsin;
    this.#organisation = organisation;
    this.id = who.id;
    this.email = who.email;
    this.password = who.password;
  }

  /** `POST /sessions` with the right password. */
  triesToSignIn(more: object = {}): Test {
    const { email, password } = this;
    return request(this.#tocsin.url)
      .post('/api/v1/sessions')
      .send({ email, password, ...more });
  }

  async tokens(more: object = {}): Promise<Tokens> {
    const { body } = await this.triesToSignIn(more).expect(201);
    return body as Tokens;
  }

  /** A client that sends an access token as it would a key. */
  async signsIn(more: object = {}): Promise<Actor> {
    return this.with((await this.tokens(more)).access_token);
  }

  with(accessToken: string): Actor {
    return new Actor(this.#tocsin, { ...this.#organisation, key: accessToken });
  }
}
