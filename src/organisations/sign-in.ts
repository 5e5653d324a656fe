import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { asServer } from '../store/transaction.ts';
import { findUser, setPassword, type UserRecord } from '../store/users.ts';
import { accountFrom, createAttempts, type Attempts } from './attempts.ts';
import { accountOfDevice, newDevice } from './devices.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { useCode } from './second-factor.ts';
import { beginSession, type Client, type Continued, type SessionContext } from './sessions.ts';
import { narrowNetwork } from './source-networks.ts';
import { createTryLimits, type TryLimits, type TrySource } from './try-limits.ts';

export interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
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
   * password, second_factor_needed, second_factor_invalid, realm_unknown or realm_not_allowed.
   * `onKnown` receives the id of the user with this address, for the audit.
   */
  signIn(input: SignIn, client: Client, onKnown: (userId: string) => void): Promise<Continued>;
  /** The token for a device on which the user of this address has just signed in. */
  deviceOf(email: string): string;
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
    deviceOf: (email) => newDevice(keyring, email),
    limited: async (kind, { address, device }, work) => {
      const account = accountOfDevice(keyring, device);
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
  readonly onKnown: (userId: string) => void;
}

/** Everything that costs nothing is counted and checked before a hash is computed. */
async function signIn(
  context: SignInContext,
  { limits, passwords, codes }: Counters,
  { onKnown, ...trying }: Trying,
): Promise<Continued> {
  const { email, client, password, device } = trying;
  const known = accountOfDevice(context.keyring, device) === email;
  const source: TrySource = known ? { account: email } : { address: client.address };
  await limits.begin(source);
  const user = await findUser(context.db.server, { email });
  if (user !== undefined) onKnown(user.id);
  const counter =
    known && device !== undefined ? hashOf(device) : accountFrom(email, client.address);
  const verdict = await checkPassword(password, knownHash(user), {
    source: { name: known ? email : narrowNetwork(client.address), known },
    first: () => passwords.begin(counter),
  });
  if (user === undefined || !verdict.matches) throw failed();
  await limits.succeed(source);
  const begun = await enter(context, user, { ...trying, codes });
  await passwords.succeed(counter);
  if (verdict.outdated) await rehash(context, user, password);
  return begun;
}

/** The hash to compare with; null, which no password matches after the same work, for a stranger. */
function knownHash(user: UserRecord | undefined): string | null {
  return user?.status === 'active' ? user.passwordHash : null;
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

async function rehash(
  { db }: SignInContext,
  { id, email }: UserRecord,
  password: string,
): Promise<void> {
  const hash = await hashPassword(password, { name: email, known: true });
  await asServer(db, (tx) => setPassword(tx, id, hash));
}

function failed(): Problem {
  return new Problem('sign_in_failed', 'Check both. After several failures you have to wait');
}
