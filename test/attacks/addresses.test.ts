/**
 * An address is known to the organisations that invited it, and to no other: nobody learns by inviting,
 * by accepting or by signing in whether somebody has an account elsewhere, or gains anything on it.
 */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson, anEmail, cookiesOf, type Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let mallory: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, mallory] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: { body: unknown }) => (body as { code?: string }).code;

/** An answer without what differs from one request to the next. */
function plain({ status, headers, text }: request.Response, email: string): unknown {
  const own = new Set(['date', 'ratelimit', 'x-request-id', 'location', 'content-length', 'etag']);
  const kept = Object.entries(headers as Record<string, string>).filter(([name]) => !own.has(name));
  const body = text
    .replaceAll(email, 'EMAIL')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/"(token|access_token|refresh_token)":"[^"]+"/g, '"$1":"…"')
    .replaceAll(/invitation\/[\w-]+/g, 'invitation/…')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
  return { status, kept, body };
}

/** Everything that mallory can do with an address: invite it, accept, and sign in. */
async function everything(email: string): Promise<unknown[]> {
  const wish = { email, name: 'x', role: 'analyst' };
  const invited = await mallory.sends('post', '/users').send(wish);
  const twice = await mallory.sends('post', '/users').send(wish);
  const { token } = (invited.body as { invitation: { token: string } }).invitation;
  const api = request(`${tocsin.url}/api/v1`);
  const password = 'a squatting otter';
  const early = await api.post('/sessions').send({ email, password });
  const accepted = await api.post('/invitations/accept').send({ token, password });
  const signedIn = await api.post('/sessions').send({ email, password });
  const named = await api.post('/sessions').send({ email, password, organisation: mallory.slug });
  const wrong = await api.post('/sessions').send({ email, password: 'another otter here' });
  return [invited, twice, early, accepted, signedIn, named, wrong].map((one) => plain(one, email));
}

/** The salts of the stored passwords of an address. */
async function saltsOf(email: string): Promise<string[]> {
  const rows = await tocsin.sql<{ hash: string }>(
    'select password_hash as hash from user_account where email = $1 and password_hash is not null',
    [email],
  );
  return rows.map(({ hash }) => hash.split('$')[4] ?? '');
}

describe('an address that has an account elsewhere', () => {
  it('is invited, accepts and signs in, byte for byte, as one that nobody knows', async () => {
    const known = await aPerson(tocsin, alice);
    const answers = await everything(known.email);
    expect(answers).toEqual(await everything(anEmail()));
    expect(answers.map((one) => (one as { status: number }).status)).toEqual([
      201, 409, 401, 200, 201, 201, 401,
    ]);
    // The account elsewhere is untouched.
    const { access_token: token } = await known.tokens();
    const { body } = await known.with(token).sends('get', '/me').expect(200);
    expect(body).toMatchObject({ organisation: { slug: alice.slug } });
  });

  it('takes one hash to sign in, since its users have one salt; others have others', async () => {
    const known = await aPerson(tocsin, alice);
    await everything(known.email);
    const salts = await saltsOf(known.email);
    expect(salts).toHaveLength(2);
    expect(new Set(salts).size).toBe(1);
    const other = await aPerson(tocsin, alice);
    expect(await saltsOf(other.email)).not.toEqual(salts.slice(1));
  });

  it('names the organisation only where one password opens both', async () => {
    const email = anEmail();
    const [first, second] = [
      await aPerson(tocsin, alice, { email }),
      await aPerson(tocsin, mallory, { email }),
    ];
    for (const person of [first, second]) await person.triesToSignIn().expect(201);
    await tocsin.sql(
      `update user_account a set password_hash = b.password_hash from user_account b
       where a.id = $1 and b.id = $2`,
      [second.id, first.id],
    );
    const both = await first.triesToSignIn().expect(400);
    expect(codeOf(both)).toBe('organisation_needed');
    for (const { slug: organisation } of [alice, mallory]) {
      await first.triesToSignIn({ organisation }).expect(201);
    }
    await first.triesToSignIn({ organisation: 'nobody' }).expect(401);
  });
});

describe('an account of a foreign address, made to guess at the password of the other', () => {
  let victim: Person;
  let squatter: Person;
  const guess = (device?: string) => {
    const { email } = victim;
    const asked = request(tocsin.url).post('/api/v1/sessions');
    if (device !== undefined) asked.set('cookie', device);
    return asked.send({ email, password: 'a wrong password' });
  };

  beforeAll(async () => {
    victim = await aPerson(tocsin, alice);
    squatter = await aPerson(tocsin, mallory, { email: victim.email });
  });

  it('does not make earlier failures be forgotten', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) {
      statuses.push((await guess()).status);
      await squatter.triesToSignIn({ organisation: mallory.slug });
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('does not try the other password without limit by taking each guess for its own', async () => {
    tocsin.clock.advance(3_600_001);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await squatter.triesToSignIn()).status);
    // Each of these was a wrong guess at the other account, too.
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
    // A caller that names the organisation tries one account, and is not counted on success.
    for (let i = 0; i < 6; i++) {
      tocsin.clock.advance(3_600_001);
      await squatter.triesToSignIn({ organisation: mallory.slug }).expect(201);
    }
  });

  it('is the only one that its device gives tries at', async () => {
    tocsin.clock.advance(3_600_001);
    const begun = await squatter.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    const device = cookiesOf(begun);
    const { email, password } = victim;
    const asked = request(tocsin.url).post('/api/v1/sessions').set('cookie', device);
    const right = await asked.send({ email, password });
    expect(codeOf(right)).toBe('sign_in_failed');
    await victim.triesToSignIn().expect(201);
  });
});
