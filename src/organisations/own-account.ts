/** What users do with their own accounts. */
import { Problem } from '../errors.ts';
import type { SignedIn } from '../sharing/member.ts';
import { appendServerAudit } from '../store/audit.ts';
import { confirmSecret, replaceRecoveryCodes, setSecret } from '../store/second-factors.ts';
import { endSessions } from '../store/sessions.ts';
import { asServer, type ServerTx } from '../store/transaction.ts';
import {
  clearIdentity,
  findNamesAround,
  findUser,
  setPassword,
  type UserRecord,
} from '../store/users.ts';
import { refuseWeak } from './password-strength.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { newRecoveryCodes, newSecret, useCode, type Enrolment } from './second-factor.ts';
import type { ActOrigin } from './sessions.ts';
import type { SignInContext, SignInDesk } from './sign-in.ts';
import { proveAgain, type Proof } from './step-up.ts';
import { notBound } from './user-resets.ts';

export interface OwnAccount extends SignInContext {
  readonly signInDesk: SignInDesk;
}

/**
 * Creates a second factor, which counts once it is confirmed. Throws Problem second_factor_present,
 * and as proveAgain.
 */
export async function enrol(
  context: OwnAccount,
  user: SignedIn,
  proof: Pick<Proof, 'password'>,
): Promise<Enrolment> {
  await context.signInDesk.guarded(user.id, () => proveAgain(context, user, proof));
  const { sealed, secret, uri } = newSecret(context.keyring, user);
  await asServer(context.db, async (tx) => {
    const { totpConfirmedAt } = await self(tx, user);
    if (totpConfirmedAt !== null) {
      throw new Problem(
        'second_factor_present',
        'Remove the present one first, with one of its codes',
      );
    }
    await setSecret(tx, user.id, sealed);
  });
  return { secret, uri };
}

/**
 * Confirms the second factor with a code of it: from now on signing in takes one, and other
 * sessions end. Returns the recovery codes, shown this once. Throws Problem second_factor_present, second_factor_invalid or
 * too_many_attempts.
 */
export async function confirm(
  context: OwnAccount,
  user: SignedIn,
  code: string,
  origin: ActOrigin,
): Promise<string[]> {
  const { db, keyring, clock, signInDesk } = context;
  return signInDesk.guarded(user.id, () =>
    asServer(db, async (tx) => {
      const record = await self(tx, user);
      if (record.totpConfirmedAt !== null) {
        throw new Problem('second_factor_present', 'The second factor is confirmed already');
      }
      await useCode(tx, keyring, record, code, clock.now());
      await confirmSecret(tx, user.id, clock.now());
      const codes = newRecoveryCodes();
      const hashes = codes.map(({ hash }) => hash);
      await replaceRecoveryCodes(tx, user.id, hashes);
      await endSessions(tx, user.id, clock.now(), { but: user.sessionId });
      await note(tx, record, 'user.add_second_factor', origin);
      return codes.map((one) => one.code);
    }),
  );
}

/**
 * Removes one's second factor with a code of it, and ends one's other sessions. Throws Problem
 * second_factor_invalid or too_many_attempts.
 */
export async function removeSecondFactor(
  context: OwnAccount,
  user: SignedIn,
  code: string,
  origin: ActOrigin,
): Promise<void> {
  const { db, keyring, clock, signInDesk } = context;
  await signInDesk.guarded(user.id, () =>
    asServer(db, async (tx) => {
      const record = await self(tx, user);
      await useCode(tx, keyring, record, code, clock.now());
      await setSecret(tx, user.id, undefined);
      await endSessions(tx, user.id, clock.now(), { but: user.sessionId });
      await note(tx, record, 'user.remove_second_factor', origin);
    }),
  );
}

/**
 * Changes one's password and ends one's other sessions. Throws Problem sign_in_failed where the
 * current one is wrong, password_weak or too_many_attempts.
 */
export async function changePassword(
  context: OwnAccount,
  user: SignedIn,
  { current, next }: { readonly current: string; readonly next: string },
  origin: ActOrigin,
): Promise<void> {
  const { db, clock, signInDesk } = context;
  await signInDesk.guarded(user.id, async () => {
    const before = await findUser(db.server, { id: user.id });
    const source = { name: user.email, known: true };
    const { matches } = await checkPassword(current, before?.passwordHash ?? null, { source });
    if (!matches) throw new Problem('sign_in_failed', 'Current password is incorrect');
    const names = await findNamesAround(db, user.id);
    await refuseWeak(next, { names, path: 'body.next' });
    const hash = await hashPassword(next, source);
    await asServer(db, async (tx) => {
      const record = await self(tx, user);
      await setPassword(tx, user.id, hash);
      await endSessions(tx, user.id, clock.now(), { but: user.sessionId });
      await note(tx, record, 'user.change_password', origin);
    });
  });
}

/**
 * Unbinds oneself from the identity provider, and ends all of one's sessions. A user without a
 * password then needs a new link. Throws Problem identity_missing, and as proveAgain.
 */
export async function removeIdentity(
  context: OwnAccount,
  user: SignedIn,
  proof: Proof,
  origin: ActOrigin,
): Promise<void> {
  const { db, clock, signInDesk } = context;
  await signInDesk.guarded(user.id, () => proveAgain(context, user, proof));
  await asServer(db, async (tx) => {
    const record = await self(tx, user);
    if (!(await clearIdentity(tx, user.id))) throw notBound();
    await endSessions(tx, user.id, clock.now());
    await note(tx, record, 'user.unlink_identity', origin);
  });
}

async function self(tx: ServerTx, { id }: SignedIn): Promise<UserRecord> {
  const user = await findUser(tx, { id }, { lock: true });
  if (user === undefined) throw new Error('A user who is signed in is gone');
  return user;
}

async function note(
  tx: ServerTx,
  { id, organisationId }: UserRecord,
  action: string,
  origin: ActOrigin,
): Promise<void> {
  const { requestId, address } = origin;
  const entry = { organisationId, actor: `user ${id}`, action, requestId, address };
  await appendServerAudit(tx, { ...entry, detail: { user: id } });
}
