/** A valid request for every route that writes about users, their sessions and their own accounts. */
import { randomUUID } from 'node:crypto';
import { TOTP } from 'otpauth';
import { made, type Arrange, type Cast } from './cast.ts';
import { aPerson, anEmail, type Person } from './people.ts';

function person({ tocsin, chief }: Cast): Promise<Person> {
  return aPerson(tocsin, chief);
}

async function bound(cast: Cast): Promise<Person> {
  const somebody = await person(cast);
  await cast.tocsin.sql(
    `update user_account set oidc_issuer = 'https://idp.example.org', oidc_subject = $2 where id = $1`,
    [somebody.id, randomUUID()],
  );
  return somebody;
}

export const ACCOUNT_REQUESTS: Readonly<Record<string, Arrange>> = {
  'POST /users': async ({ chief }) => ({
    who: chief,
    path: '/users',
    body: { email: anEmail(), name: 'x', role: 'analyst' },
  }),
  'PATCH /users/:id': async (cast) => ({
    who: cast.chief,
    path: `/users/${(await person(cast)).id}`,
    body: { name: 'changed' },
  }),
  'DELETE /users/:id': async (cast) => ({
    who: cast.chief,
    path: `/users/${(await person(cast)).id}`,
  }),
  'POST /users/:id/invitation': async (cast) => ({
    who: cast.chief,
    path: `/users/${(await person(cast)).id}/invitation`,
  }),
  'POST /users/:id/reset-second-factor': async (cast) => ({
    who: cast.chief,
    path: `/users/${(await person(cast)).id}/reset-second-factor`,
  }),
  'DELETE /users/:id/identity': async (cast) => ({
    who: cast.chief,
    path: `/users/${(await bound(cast)).id}/identity`,
  }),
  'DELETE /users/:id/sessions': async (cast) => {
    const somebody = await person(cast);
    await somebody.tokens();
    return { who: cast.chief, path: `/users/${somebody.id}/sessions` };
  },
  'DELETE /users/:id/sessions/:session': async (cast) => {
    const somebody = await person(cast);
    const { session } = await somebody.tokens();
    return { who: cast.chief, path: `/users/${somebody.id}/sessions/${session}` };
  },
  'DELETE /sessions/:id': async (cast) => {
    const somebody = await person(cast);
    const { session } = await somebody.tokens();
    return { who: await somebody.signsIn(), path: `/sessions/${session}` };
  },
  'POST /me/second-factor': async (cast) => {
    const somebody = await person(cast);
    const { password } = somebody;
    return { who: await somebody.signsIn(), path: '/me/second-factor', body: { password } };
  },
  'POST /me/second-factor/confirm': async (cast) => {
    const somebody = await person(cast);
    const who = await somebody.signsIn();
    const { password } = somebody;
    const secret = await made(who, '/me/second-factor', { password }, 'secret');
    const timestamp = cast.tocsin.clock.now().getTime();
    const code = new TOTP({ secret }).generate({ timestamp });
    return { who, path: '/me/second-factor/confirm', body: { code } };
  },
  'POST /me/second-factor/remove': async (cast) => {
    const somebody = await (await person(cast)).withSecondFactor();
    const who = await somebody.signsIn();
    return { who, path: '/me/second-factor/remove', body: { code: somebody.nextCode() } };
  },
  'POST /me/password': async (cast) => {
    const somebody = await person(cast);
    const { password: current } = somebody;
    const body = { current, next: 'another curious otter' };
    return { who: await somebody.signsIn(), path: '/me/password', body };
  },
  'POST /me/identity/remove': async (cast) => {
    const somebody = await (await bound(cast)).withSecondFactor();
    const who = await somebody.signsIn();
    return { who, path: '/me/identity/remove', body: { code: somebody.nextCode() } };
  },
};
