import { Problem } from '../errors.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import { findInvited, takeInvitation } from '../store/access/invitations.ts';
import { endSessions } from '../store/access/sessions.ts';
import { asServer } from '../store/postgres/transaction.ts';
import {
  activateUser,
  findNamesAround,
  findUser,
  saltOfUser,
  setPassword,
} from '../store/access/users.ts';
import { hashToken } from './links.ts';
import { refuseWeak } from './password-strength.ts';
import { hashPassword } from './passwords.ts';
import type { ActOrigin, SessionContext } from './sessions.ts';
import { narrowNetwork } from '../networks.ts';

/**
 * Accepts an invitation: sets the password of its user, who is active from now on, and ends the
 * sessions that existed. A second factor stays. Throws Problem invitation_invalid,
 * password_weak or sign_in_busy.
 */
export async function acceptInvitation(
  { db, clock }: SessionContext,
  { token, password }: { readonly token: string; readonly password: string },
  { requestId, address }: ActOrigin,
): Promise<{ readonly email: string }> {
  const now = clock.now();
  const tokenHash = hashToken(token);
  // Checked first: a hash is too expensive to make one for everybody who asks.
  const invited = await findInvited(db.server, tokenHash, now);
  if (invited === undefined) throw notGood();
  const names = await findNamesAround(db, invited);
  await refuseWeak(password, { names, path: 'body.password' });
  const source = { name: narrowNetwork(address), known: false };
  const passwordHash = await hashPassword(password, source, await saltOfUser(db, invited));
  return asServer(db, async (tx) => {
    const user = await findUser(tx, { id: invited }, { lock: true });
    if (user === undefined || user.status === 'disabled') throw notGood();
    // What made the link may have ended while the hash was computed and the user was locked.
    if ((await takeInvitation(tx, tokenHash, clock.now())) !== invited) throw notGood();
    await setPassword(tx, user.id, passwordHash);
    await activateUser(tx, user.id);
    await endSessions(tx, user.id, now);
    await appendServerAudit(tx, {
      organisationId: user.organisationId,
      actor: `user ${user.id}`,
      action: 'user.accept_invitation',
      requestId,
      address,
      detail: { user: user.id },
    });
    return { email: user.email };
  });
}

/** The link was used or replaced, or has expired or ended with what made it. */
function notGood(): Problem {
  return new Problem('invitation_invalid', 'Ask your administrator for another link', {
    path: 'body.token',
  });
}
