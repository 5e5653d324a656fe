import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { findOrganisationId, findOrganisationSlugs } from '../store/members/organisations.ts';
import { asServer } from '../store/postgres/transaction.ts';
import {
  findUser,
  findUsersOf,
  saltOfUser,
  setPassword,
  type UserRecord,
} from '../store/access/users.ts';
import { accountFrom, createAttempts, type Attempts } from './attempts.ts';
import { newDevice, userOfDevice } from './devices.ts';
import { checkPasswords, hashPassword } from './passwords.ts';
import { useCode } from './second-factor.ts';
import { beginSession, type Client, type Continued, type SessionContext } from './sessions.ts';
import { narrowNetwork } from '../networks.ts';
import { createTryLimits, type TryLimits, type TrySource } from './try-limits.ts';

export interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
  /** Slug; for a person who has an account in several organisations. */
  readonly organisation?: string | undefined;
  /** Slug of the exercise of the session; production unless given. */
  readonly realm?: string | undefined;
  /** The token of the device, from an earlier sign-in. */
  readonly device?: string | undefined;
}

/** What is tried; each kind is counted by itself. */
export type TryKind = 'sign_in' | 'refresh' | 'single_sign_on';

/** The request that tries, and the token of the device that it brings. */
export interface Trier {
  readonly address: string;
  readonly device?: string | undefined;
}

/** Signs people in, and counts who tries how often. */
export interface SignInDesk {
  /**
   * Begins a session. Throws Problem too_many_attempts or sign_in_busy; sign_in_failed, the same
   * for a user who is unknown, disabled or without a password; and, for a caller who knows the
   * password, organisation_needed, second_factor_needed, second_factor_invalid, realm_unknown or
   * realm_not_allowed. `onKnown` receives the ids of the users with this address, for the audit.
   */
  signIn(
    input: SignIn,
    client: Client,
    onKnown: (userIds: readonly string[]) => void,
  ): Promise<Continued>;
  /** The token for a device on which this user has just signed in. */
  deviceOf(userId: string): string;
  /**
   * Counts a try of a network, or of a known device, before `work` costs anything; a try that
   * succeeds is not counted. Throws Problem too_many_attempts.
   */
  limited<T>(kind: TryKind, trier: Trier, work: () => Promise<T>): Promise<T>;
  /** Counts a try of a signed-in user at their own password or code. */
  guarded<T>(userId: string, work: () => Promise<T>): Promise<T>;
}

export interface SignInContext extends SessionContext {
  readonly keyring: Keyring;
}

/** Wrong passwords, and wrong codes with the right password, before the next try has to wait. */
const PASSWORDS_FREE = 5;
const CODES_FREE = 10;

/** The desk of this process: `triesPerMinute` is what one network may try. */
export function createSignInDesk(context: SignInContext, triesPerMinute: number): SignInDesk {
  const { keyring } = context;
  const limits: Record<TryKind, TryLimits> = {
    sign_in: createTryLimits(triesPerMinute),
    refresh: createTryLimits(triesPerMinute),
    single_sign_on: createTryLimits(triesPerMinute),
  };
  const counters = {
    passwords: createAttempts(context, { kind: 'password', free: PASSWORDS_FREE }),
    codes: createAttempts(context, { kind: 'code', free: CODES_FREE }),
  };
  return {
    signIn: (input, client, onKnown) => {
      const trying = { ...input, email: input.email.toLowerCase(), client, onKnown };
      return signIn(context, { ...counters, limits: limits.sign_in }, trying);
    },
    deviceOf: (userId) => newDevice(keyring, userId),
    limited: async (kind, { address, device }, work) => {
      const account = userOfDevice(keyring, device);
      const source = account === undefined ? { address } : { account };
      await limits[kind].begin(source);
      const result = await work();
      await limits[kind].succeed(source);
      return result;
    },
    guarded: (userId, work) => counted(counters.codes, `own ${userId}`, work),
  };
}

interface Counters {
  readonly limits: TryLimits;
  readonly passwords: Attempts;
  readonly codes: Attempts;
}

interface Trying extends SignIn {
  readonly client: Client;
  readonly onKnown: (userIds: readonly string[]) => void;
}

/** Everything that costs nothing is counted and checked before a hash is computed. */
async function signIn(
  context: SignInContext,
  { limits, passwords, codes }: Counters,
  { onKnown, ...trying }: Trying,
): Promise<Continued> {
  const { email, client, password, device } = trying;
  const { users, known } = await candidates(context, trying);
  const source: TrySource =
    known === undefined ? { address: client.address } : { account: known.id };
  await limits.begin(source);
  onKnown(users.map(({ id }) => id));
  const able = users.filter(canSignIn);
  const counter =
    known && device !== undefined ? hashOf(device) : accountFrom(email, client.address);
  const hashes = able.map(({ passwordHash }) => passwordHash);
  const verdicts = await checkPasswords(password, hashes, {
    source: { name: known?.id ?? narrowNetwork(client.address), known: known !== undefined },
    first: () => passwords.begin(counter),
  });
  const matching = able.filter((_, place) => verdicts[place]?.matches);
  const [user, another] = matching;
  if (user === undefined) throw failed();
  // A try that also failed for another account of the address counts for that one: otherwise a member with
  // an account of its own under a stranger's address could try the stranger's password without limit.
  const failedElsewhere = matching.length < able.length;
  if (!failedElsewhere) await limits.succeed(source);
  if (another !== undefined) throw await several(context, matching);
  const begun = await enter(context, user, { ...trying, codes });
  if (!failedElsewhere) await passwords.giveBack(counter);
  if (verdicts[able.indexOf(user)]?.outdated) await rehash(context, user, password);
  return begun;
}

/**
 * The users of an address, of the organisation that is named or of all. On a device where one of them
 * has signed in, only that one: what is tried there is counted apart, so it must not be another's.
 */
async function candidates(
  { db, keyring }: SignInContext,
  { email, organisation, device }: Pick<SignIn, 'email' | 'organisation' | 'device'>,
): Promise<{ users: readonly UserRecord[]; known: UserRecord | undefined }> {
  const all = await findUsersOf(db.server, email);
  const id =
    organisation === undefined ? undefined : await findOrganisationId(db.server, organisation);
  const users = organisation === undefined ? all : all.filter((one) => one.organisationId === id);
  const userId = userOfDevice(keyring, device);
  const known = users.find((one) => one.id === userId);
  return { users: known === undefined ? users : [known], known };
}

function canSignIn(user: UserRecord): user is UserRecord & { readonly passwordHash: string } {
  return user.status === 'active' && user.passwordHash !== null;
}

/** Told only to somebody who knows the password of all of them. */
async function several({ db }: SignInContext, users: readonly UserRecord[]): Promise<Problem> {
  const slugs = await findOrganisationSlugs(
    db,
    users.map(({ organisationId }) => organisationId),
  );
  return new Problem(
    'organisation_needed',
    `This password opens accounts of several organisations. Send \`organisation\`: ${slugs.join(', ')}`,
    { path: 'body.organisation' },
  );
}

interface Entering {
  readonly client: Client;
  readonly codes: Attempts;
}

async function enter(
  { db, keyring, clock }: SignInContext,
  user: UserRecord,
  { code, realm, client, codes }: Pick<SignIn, 'code' | 'realm'> & Entering,
): Promise<Continued> {
  const begin = () =>
    asServer(db, async (tx) => {
      const now = clock.now();
      const locked = await findUser(tx, { id: user.id }, { lock: true });
      // Between the look at the password and this, it may have been changed.
      if (locked?.status !== 'active' || locked.passwordHash !== user.passwordHash) throw failed();
      if (locked.totpConfirmedAt !== null) await useCode(tx, keyring, locked, code ?? '', now);
      return beginSession(tx, locked, { startedBy: 'password', client, realm, now });
    });
  if (user.totpConfirmedAt === null) return begin();
  if (code === undefined) {
    throw new Problem('second_factor_needed', 'Send the code of your authenticator as well', {
      path: 'body.code',
    });
  }
  // Of the account alone: who comes here knows the password, and could try from many networks.
  return counted(codes, user.id, begin);
}

async function counted<T>(attempts: Attempts, what: string, work: () => Promise<T>): Promise<T> {
  await attempts.begin(what);
  const result = await work();
  await attempts.succeed(what);
  return result;
}

function hashOf(device: string): string {
  return createHash('sha256').update(device).digest('base64url');
}

async function rehash({ db }: SignInContext, { id }: UserRecord, password: string): Promise<void> {
  const source = { name: id, known: true };
  const hash = await hashPassword(password, source, await saltOfUser(db, id));
  await asServer(db, (tx) => setPassword(tx, id, hash));
}

function failed(): Problem {
  return new Problem('sign_in_failed', 'Check both. After several failures you must wait');
}
