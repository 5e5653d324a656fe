/** People of a history's organisations, each in a separate session. */
import request from 'supertest';
import { operator } from '../../src/access/administer.ts';
import { beginSession } from '../../src/access/sessions.ts';
import { inviteUser } from '../../src/access/user-acts.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import type { Tocsin } from '../support/tocsin.ts';
import type { Viewer } from './founding.ts';

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly organisation: string;
  readonly session: string;
  /** Its access token, which outlives a history. */
  readonly token: string;
}

const CLIENT = { address: '127.0.0.1', agent: 'a history', requestId: 'test' };

/** In a session as it is when somebody has come in; the hashing of passwords is not what is tested. */
export async function signIn(
  { db, clock, sql, url }: Tocsin,
  who: Viewer,
  { slug, mark }: { readonly slug: string; readonly mark: string },
): Promise<Person> {
  const { organisation, cleared: redClearance, name } = who;
  const email = `${name.replaceAll(' ', '-')}-${mark}@example.org`;
  const facts = { email, name, role: 'org_admin', redClearance } as const;
  const wish = { ...facts, organisation: slug };
  const { user } = await inviteUser(db, operator('test'), wish, clock.now());
  const [row] = await sql<{ organisation_id: number }>(
    // An org_admin needs a second factor; that nobody gives a code of is not what is tested either.
    `update user_account set status = 'active', totp_secret = '\\x00', totp_confirmed_at = now()
      where id = $1 returning organisation_id`,
    [user.id],
  );
  const one = { id: user.id, organisationId: row?.organisation_id ?? 0, role: facts.role };
  const { sessionId, refreshToken } = await asServer(db, (tx) =>
    beginSession(tx, one, {
      startedBy: 'single_sign_on',
      client: CLIENT,
      now: clock.now(),
      realm: undefined,
    }),
  );
  const { body } = await request(url)
    .post('/api/v1/sessions/refresh')
    .send({ refresh_token: refreshToken })
    .expect(200);
  const { access_token: token } = body as { access_token: string };
  return { id: user.id, email, organisation, session: sessionId, token };
}
