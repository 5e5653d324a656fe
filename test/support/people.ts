/** Users of organisations, as people who sign in. */
import { randomBytes } from 'node:crypto';
import request, { type Response, type Test } from 'supertest';
import { operator } from '../../src/access/administer.ts';
import { acceptInvitation } from '../../src/access/invitations.ts';
import { newRecoveryCodes, newSecret } from '../../src/access/second-factor.ts';
import { inviteUser, type UserRole } from '../../src/access/user-acts.ts';
import {
  confirmSecret,
  replaceRecoveryCodes,
  setSecret,
} from '../../src/store/access/second-factors.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session: string;
}

export interface PersonInput {
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

/**
 * A user of an organisation who has accepted an invitation and not signed in yet; with a second
 * factor where the role or clearance requires one.
 */
export async function aPerson(
  tocsin: Tocsin,
  organisation: { readonly slug: string; readonly identity: string },
  { role = 'analyst', redClearance = false, email = anEmail() }: PersonInput = {},
): Promise<Person> {
  const wish = { organisation: organisation.slug, email, name: 'A person', role, redClearance };
  const { db, clock } = tocsin;
  const { user, token } = await inviteUser(db, operator('test'), wish, clock.now());
  const password = `long enough ${randomBytes(4).toString('hex')}`;
  await acceptInvitation(tocsin, { token, password }, NOWHERE);
  const person = new Person(tocsin, organisation, { id: user.id, email, password });
  const required = redClearance || role === 'admin' || role === 'org_admin';
  return required ? person.withSecondFactor() : person;
}

export class Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly #codes: string[] = [];
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

  /** Installs a second factor, past the API; each sign-in then uses one of its recovery codes. */
  async withSecondFactor(): Promise<this> {
    const { db, keyring, clock } = this.#tocsin;
    const { sealed } = newSecret(keyring, this);
    const codes = Array.from({ length: 5 }, () => newRecoveryCodes()).flat();
    await asServer(db, async (tx) => {
      await setSecret(tx, this.id, sealed);
      await confirmSecret(tx, this.id, clock.now());
      const hashes = codes.map(({ hash }) => hash);
      await replaceRecoveryCodes(tx, this.id, hashes);
    });
    this.#codes.push(...codes.map(({ code }) => code));
    return this;
  }

  /** A recovery code that has not been used. */
  nextCode(): string {
    const code = this.#codes.shift();
    if (code === undefined) throw new Error('No recovery code is left');
    return code;
  }

  /** `POST /sessions` with the right password, and a recovery code where there is a second factor. */
  triesToSignIn(more: object = {}): Test {
    const { email, password } = this;
    const code = 'code' in more ? undefined : this.#codes.shift();
    return request(this.#tocsin.url)
      .post('/api/v1/sessions')
      .send({ email, password, ...(code === undefined ? {} : { code }), ...more });
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
