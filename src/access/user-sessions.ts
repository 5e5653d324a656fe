/** The sessions of other users, which administrators can list and end. */
import { Problem } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../store/postgres/database.ts';
import { endSessions, listSessions, type SessionView } from '../store/access/sessions.ts';
import type { UserView } from '../store/access/users.ts';
import { administer, type Administrator } from './administer.ts';
import { findManaged } from './managed-users.ts';

interface Context {
  readonly db: Database;
  readonly clock: Clock;
}

/** The open sessions of a user, the last used first. Throws Problem not_found. */
export async function readSessionsOf(
  { db, clock }: Context,
  by: Administrator,
  userId: string,
): Promise<SessionView[]> {
  const { id } = await findManaged(db.server, by, userId);
  return listSessions(db, id, clock.now());
}

interface Ended {
  readonly sessions: number;
  readonly user: UserView;
}

/**
 * Ends all sessions of a user, or one of them; streams end with them. Returns how many there
 * were. Throws Problem not_found.
 */
export async function endSessionsOf(
  { db, clock }: Context,
  by: Administrator,
  userId: string,
  sessionId?: string,
): Promise<number> {
  const act = {
    action: 'user.end_sessions',
    describe: ({ sessions }: Ended) => ({
      user: userId,
      sessions,
      ...(sessionId === undefined ? {} : { session: sessionId }),
    }),
    about: ({ user }: Ended) => [user],
  };
  const { sessions } = await administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, userId);
    const { id } = user;
    const only = sessionId === undefined ? {} : { only: sessionId };
    const ended = await endSessions(tx, id, clock.now(), only);
    if (ended === 0 && sessionId !== undefined) {
      throw new Problem('not_found', 'The user does not have this open session');
    }
    return { sessions: ended, user };
  });
  return sessions;
}
