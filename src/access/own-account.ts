/** What users do with their own accounts. */
import { Problem } from '../errors.ts';
import type { SignedIn } from '../sharing/member.ts';
import type { Standing } from '../sharing/standing.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import { confirmSecret, replaceRecoveryCodes, setSecret } from '../store/access/second-factors.ts';
import { endSessions } from '../store/access/sessions.ts';
import { requireStanding } from '../store/access/standing.ts';
import { asServer, type ServerTx } from '../store/postgres/transaction.ts';
import {
  clearIdentity,
  findNamesAround,
  findUser,
  saltOfUser,
  setPassword,
  type UserRecord,
} from '../store/access/users.ts';
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

/** A signed-in user, with what they were let in as. */
export interface Self {
  readonly user: SignedIn;
  readonly standing: Standing;
}

/**
 * Creates a second factor, which counts once it is confirmed. Throws Problem second_factor_present,
 * and as proveAgain.
 */
export async function enrol(
  context: OwnAccount,
  self: Self,
  proof: Pick<Proof, 'password'>,
): Promise<Enrolment> {
  const { user } = self;
  await context.signInDesk.guarded(user.id, () => proveAgain(context, user, proof));
  const { sealed, secret, uri } = newSecret(context.keyring, user);
  await change(context, self, async (tx, { totpConfirmedAt }) => {
    if (totpConfirmedAt !== null) {
      throw new Problem(
        'second_factor_present',
        'Remove the current one first, with one of its codes',
      );
    }
    await setSecret(tx, user.id, sealed);
  });
  return { secret, uri };
}

/**
 * Confirms the second factor with a code of it: from now on signing in takes one, and other
 * sessions end. Returns the recovery codes, shown only once. Throws Problem second_factor_present,
 * second_factor_invalid or too_many_attempts.
 */
export async function confirm(
  context: OwnAccount,
  self: Self,
  code: string,
  origin: ActOrigin,
): Promise<string[]> {
  const { keyring, clock, signInDesk } = context;
  const { user } = self;
  const codes = newRecoveryCodes();
  const confirming = async (tx: ServerTx, record: UserRecord): Promise<void> => {
    if (record.totpConfirmedAt !== null) {
      throw new Problem('second_factor_present', 'The second factor is already confirmed');
    }
    await useCode(tx, keyring, record, code, clock.now());
    await confirmSecret(tx, user.id, clock.now());
    const hashes = codes.map(({ hash }) => hash);
    await replaceRecoveryCodes(tx, user.id, hashes);
  };
  const act = { action: 'user.add_second_factor', ends: 'others', origin } as const;
  await signInDesk.guarded(user.id, () => change(context, self, confirming, act));
  return codes.map((one) => one.code);
}

/**
 * Removes one's second factor with a code of it, and ends one's other sessions. Throws Problem
 * second_factor_invalid or too_many_attempts.
 */
export async function removeSecondFactor(
  context: OwnAccount,
  self: Self,
  code: string,
  origin: ActOrigin,
): Promise<void> {
  const { keyring, clock, signInDesk } = context;
  const { user } = self;
  const removing = async (tx: ServerTx, record: UserRecord): Promise<void> => {
    await useCode(tx, keyring, record, code, clock.now());
    await setSecret(tx, user.id, undefined);
  };
  const act = { action: 'user.remove_second_factor', ends: 'others', origin } as const;
  await signInDesk.guarded(user.id, () => change(context, self, removing, act));
}

/**
 * Changes one's password and ends one's other sessions. Throws Problem sign_in_failed where the
 * current one is wrong, password_weak or too_many_attempts.
 */
export async function changePassword(
  context: OwnAccount,
  self: Self,
  { current, next }: { readonly current: string; readonly next: string },
  origin: ActOrigin,
): Promise<void> {
  const { db, signInDesk } = context;
  const { user } = self;
  await signInDesk.guarded(user.id, async () => {
    const before = await findUser(db.server, { id: user.id });
    const source = { name: user.email, known: true };
    const { matches } = await checkPassword(current, before?.passwordHash ?? null, { source });
    if (!matches) throw new Problem('sign_in_failed', 'Current password is incorrect');
    const names = await findNamesAround(db, user.id);
    await refuseWeak(next, { names, path: 'body.next' });
    const hash = await hashPassword(next, source, await saltOfUser(db, user.id));
    const act = { action: 'user.change_password', ends: 'others', origin } as const;
    await change(context, self, (tx) => setPassword(tx, user.id, hash), act);
  });
}

/**
 * Unbinds oneself from the identity provider, and ends all of one's sessions. A user without a
 * password then needs a new link. Throws Problem identity_missing, and as proveAgain.
 */
export async function removeIdentity(
  context: OwnAccount,
  self: Self,
  proof: Proof,
  origin: ActOrigin,
): Promise<void> {
  const { user } = self;
  await context.signInDesk.guarded(user.id, async () => {
    const useProof = await proveAgain(context, user, proof);
    const removing = async (tx: ServerTx, record: UserRecord): Promise<void> => {
      await useProof(tx, record);
      if (!(await clearIdentity(tx, user.id))) throw notBound();
    };
    const act = { action: 'user.unlink_identity', ends: 'all', origin } as const;
    await change(context, self, removing, act);
  });
}

/** What a change is called in the audit, and which sessions of the user end with it. */
interface OwnAct {
  readonly action: string;
  readonly ends: 'others' | 'all';
  readonly origin: ActOrigin;
}

/**
 * Changes the account in one transaction, unless the session was ended or its user disabled since
 * the request began (StandingChanged). That is asked before the work, which may end both itself.
 */
async function change(
  { db, clock }: OwnAccount,
  { user, standing }: Self,
  work: (tx: ServerTx, record: UserRecord) => Promise<void>,
  act?: OwnAct,
): Promise<void> {
  await asServer(db, async (tx) => {
    const record = await findUser(tx, { id: user.id }, { lock: true });
    if (record === undefined) throw new Error('A user who is signed in is gone');
    const now = clock.now();
    await requireStanding(tx, standing, now);
    await work(tx, record);
    if (act === undefined) return;
    await endSessions(tx, user.id, now, act.ends === 'all' ? {} : { but: user.sessionId });
    await note(tx, record, act);
  });
}

async function note(
  tx: ServerTx,
  { id, organisationId }: UserRecord,
  { action, origin: { requestId, address } }: OwnAct,
): Promise<void> {
  const entry = { organisationId, actor: `user ${id}`, action, requestId, address };
  await appendServerAudit(tx, { ...entry, detail: { user: id } });
}
