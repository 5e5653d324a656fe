/**
 * What opens an account is changed only by somebody who proves again who they are: an access token
 * alone, which may have been stolen, changes nothing that outlives it.
 */
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import type { SignedIn } from '../sharing/member.ts';
import type { Database } from '../store/postgres/database.ts';
import { findSession } from '../store/access/sessions.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { findUser, type UserRecord } from '../store/access/users.ts';
import { checkPassword } from './passwords.ts';
import { useCode } from './second-factor.ts';

/** For so long a single sign-on counts as a proof. */
const FRESH_MS = 10 * 60_000;

/** One of these; neither where the session began by a single sign-on just now. */
export interface Proof {
  readonly password?: string | undefined;
  /** Of the second factor. */
  readonly code?: string | undefined;
}

interface Context {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** What is left of a proof for the transaction of the change: it uses a code up. */
export type ProofStep = (tx: ServerTx, record: UserRecord) => Promise<void>;

/**
 * Checks the proof of a signed-in user; a code is used up by the step that it returns. The caller
 * counts the tries. Both throw Problem reauthentication_needed, sign_in_failed,
 * second_factor_invalid or sign_in_busy.
 */
export async function proveAgain(
  context: Context,
  user: SignedIn,
  { password, code }: Proof,
): Promise<ProofStep> {
  const { db, keyring, clock } = context;
  const record = await findUser(db.server, { id: user.id });
  if (record === undefined) throw needed();
  if (code !== undefined && record.totpConfirmedAt !== null) {
    return async (tx, locked) => {
      await useCode(tx, keyring, locked, code, clock.now());
    };
  }
  if (password !== undefined) await provePassword(record, password);
  else if (!(await isFresh(context, user))) throw needed();
  return async () => undefined;
}

/** Throws Problem sign_in_failed or sign_in_busy. */
async function provePassword({ email, passwordHash }: UserRecord, password: string): Promise<void> {
  const source = { name: email, known: true };
  const { matches } = await checkPassword(password, passwordHash, { source });
  if (!matches) {
    throw new Problem('sign_in_failed', 'The password is incorrect', { path: 'body.password' });
  }
}

async function isFresh({ db, clock }: Context, { sessionId }: SignedIn): Promise<boolean> {
  const session = await findSession(db, sessionId);
  if (session?.startedBy !== 'single_sign_on') return false;
  return clock.now().getTime() - session.createdAt.getTime() <= FRESH_MS;
}

function needed(): Problem {
  return new Problem(
    'reauthentication_needed',
    'Send your `password`, or a `code` of your second factor, or sign in again by single sign-on',
    { path: 'body' },
  );
}
