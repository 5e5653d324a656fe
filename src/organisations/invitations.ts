import { Problem } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { appendServerAudit } from '../store/audit.ts';
import { endSessions } from '../store/sessions.ts';
import { asServer } from '../store/transaction.ts';
import {
  activateUser,
  findInvited,
  findUser,
  setPassword,
  takeInvitation,
} from '../store/users.ts';
import { hashToken } from './links.ts';
import { hashPassword } from './passwords.ts';
import type { ActOrigin } from './sessions.ts';

/**
 * Comes in by a link: sets the password of its user, who is active from now on, and ends the
 * sessions that there were. A second factor stays. Throws Problem invitation_invalid.
 */
export async function acceptInvitation(
  db: Database,
  { token, password }: { readonly token: string; readonly password: string },
  now: Date,
  { requestId, address }: ActOrigin,
): Promise<{ readonly email: string }> {
  const tokenHash = hashToken(token);
  // Looked at first: a hash costs too much to make one for everybody who asks.
  if ((await findInvited(db, tokenHash, now)) === undefined) throw notGood();
  const passwordHash = await hashPassword(password);
  return asServer(db, async (tx) => {
    const id = await takeInvitation(tx, tokenHash, now);
    const user = id === undefined ? undefined : await findUser(tx, { id }, { lock: true });
    if (user === undefined || user.status === 'disabled') throw notGood();
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

/** Of a link that was used, replaced, or has expired. */
function notGood(): Problem {
  return new Problem('invitation_invalid', 'Ask your administrator for another link', {
    path: 'body.token',
  });
}
