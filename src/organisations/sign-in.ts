import { createHash, randomUUID } from 'node:crypto';
import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';
import { asServer } from '../store/transaction.ts';
import { findUser, setPassword, type UserRecord } from '../store/users.ts';
import { accountFrom, createAttempts, type Attempts } from './attempts.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { useCode } from './second-factor.ts';
import { beginSession, type Client, type Continued, type SessionContext } from './sessions.ts';

export interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
  /** Slug of the exercise that the session is to be in; production unless given. */
  readonly realm?: string | undefined;
  /** What a client was given when this user signed in by it before. */
  readonly device?: string | undefined;
}

/** Who signs in: keeps count of who tries how often. */
export interface SignInDesk {
  /**
   * Begins a session. Throws Problem too_many_attempts; sign_in_failed, the same for whoever is
   * not known, has no password or is disabled; to who knows the password second_factor_needed,
   * second_factor_invalid, realm_unknown or realm_not_allowed. `onKnown` is told the user of the address, for the audit.
   */
  signIn(wish: SignIn, client: Client, onKnown: (userId: string) => void): Promise<Continued>;
  /** What a client may bring along next time, so that others cannot hold it up. */
  deviceOf(userId: string): string;
  /** Counts a try of a user who is signed in at his own password or code; run `work` in between. */
  guarded<T>(userId: string, work: () => Promise<T>): Promise<T>;
}

export interface SignInContext extends SessionContext {
  readonly keyring: Keyring;
}

/** Tries of a password, then of a code by who knows it, before one has to wait. */
const PASSWORDS_FREE = 5;
const CODES_FREE = 10;

const DEVICE = 'device';

export function createSignInDesk(context: SignInContext): SignInDesk {
  const { keyring } = context;
  const passwords = createAttempts(context, { kind: 'password', free: PASSWORDS_FREE });
  const codes = createAttempts(context, { kind: 'code', free: CODES_FREE });
  return {
    signIn: async (wish, client, onKnown) => {
      const email = wish.email.toLowerCase();
      const user = await findUser(context.db.server, { email });
      if (user !== undefined) onKnown(user.id);
      const what = whoTries(keyring, { ...wish, email }, user, client.address);
      const begin = () => passwords.begin(what);
      const verdict = await checkPassword(wish.password, knownHash(user), begin);
      if (user === undefined || !verdict.matches) throw failed();
      const begun = await enter(context, user, { ...wish, client, codes });
      await passwords.succeed(what);
      if (verdict.outdated) await rehash(context, user.id, wish.password);
      return begun;
    },
    deviceOf: (userId) => {
      const text = JSON.stringify({ userId, id: randomUUID() });
      return seal(keyring, 'stored-secret', Buffer.from(text), DEVICE).toString('base64url');
    },
    guarded: (userId, work) => counted(codes, `own ${userId}`, work),
  };
}

/** Nothing is kept of who may not come in: then no password matches, after the same work. */
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
    throw new Problem('second_factor_needed', 'Send the code of your authenticator too', {
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

/** A client by which the user has signed in is counted by itself, wherever it is. */
function whoTries(
  keyring: Keyring,
  { email, device }: SignIn,
  user: UserRecord | undefined,
  address: string,
): string {
  if (user !== undefined && device !== undefined && isDeviceOf(keyring, device, user.id)) {
    return createHash('sha256').update(device).digest('base64url');
  }
  return accountFrom(email, address);
}

function isDeviceOf(keyring: Keyring, device: string, userId: string): boolean {
  const text = unseal(keyring, 'stored-secret', Buffer.from(device, 'base64url'), DEVICE);
  if (text === undefined) return false;
  return (JSON.parse(text.toString('utf8')) as { userId: string }).userId === userId;
}

async function rehash({ db }: SignInContext, id: string, password: string): Promise<void> {
  const hash = await hashPassword(password);
  await asServer(db, (tx) => setPassword(tx, id, hash));
}

function failed(): Problem {
  return new Problem('sign_in_failed', 'Check both; after a few tries you have to wait');
}
