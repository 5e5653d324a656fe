/** What is done to JSON Web Tokens (RFC 8725), each by its name. */
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyring } from '../../src/keyring.ts';
import { tokenKeys, type TokenKey } from '../../src/access/token-keys.ts';
import { anActor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const DAY_SECONDS = 24 * 3600;

let tocsin: Tocsin;
let claims: Record<string, unknown>;
let key: TokenKey;

beforeAll(async () => {
  tocsin = await startTocsin();
  const person = await aPerson(tocsin, await anActor(tocsin));
  const token = (await person.tokens()).access_token;
  claims = decode(token.split('.')[1] ?? '');
  [key] = tokenKeys(tocsin.keyring, tocsin.clock.now());
});
afterAll(() => tocsin.close());

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

interface Forgery {
  readonly header?: object;
  readonly claims?: object;
  /** The key that signs; ours unless given. */
  readonly by?: string;
}

/** A token as the server would sign it, but for what is given. */
function forge({ header = {}, claims: others = {}, by = key.privateKey }: Forgery): string {
  const head = { alg: 'EdDSA', typ: 'at+jwt', kid: key.kid, ...header };
  const input = `${encode(head)}.${encode({ ...claims, ...others })}`;
  return `${input}.${sign(null, Buffer.from(input), createPrivateKey(by)).toString('base64url')}`;
}

function hmac(secret: string, algorithm = 'HS256'): string {
  const input = `${encode({ alg: algorithm, typ: 'at+jwt', kid: key.kid })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

async function answerTo(token: string): Promise<unknown[]> {
  const response = await request(tocsin.url)
    .get('/api/v1/me')
    .set('authorization', `Bearer ${token}`);
  return [response.status, (response.body as { code?: string }).code];
}

const nowSeconds = (): number => Math.floor(tocsin.clock.now().getTime() / 1000);

describe('an access token', () => {
  it('made by hand as the server makes it is taken: what follows is refused for its difference', async () => {
    expect(await answerTo(forge({}))).toEqual([200, undefined]);
  });

  const forgeries: [string, () => string][] = [
    [
      'alg none without a signature',
      () => `${encode({ alg: 'none', typ: 'at+jwt', kid: key.kid })}.${encode(claims)}.`,
    ],
    ['alg None with the signature', () => forge({ header: { alg: 'None' } })],
    ['alg nOnE without a kid', () => `${encode({ alg: 'nOnE' })}.${encode(claims)}.`],
    ['without its signature', () => forge({}).replace(/\.[^.]*$/, '.')],
    ['HS256 with the public key as secret', () => hmac(key.publicKey)],
    ['HS256 with the public key without its last line break', () => hmac(key.publicKey.trim())],
    ['HS256 with whitespace before the PEM', () => hmac(` \n${key.publicKey}`)],
    ['HS512 with a tab before the PEM', () => hmac(`\t${key.publicKey}`, 'HS512')],
    ['HS256 with an empty secret', () => hmac('')],
    ['EdDSA by another key under our kid', () => forge({ by: newKey() })],
    ['the kid of another of our keys', () => forge({ header: { kid: otherKey().kid } })],
    ['a kid that nobody has', () => forge({ header: { kid: 'none' } })],
    ['a kid that is a path', () => forge({ header: { kid: '../../../dev/null' } })],
    ['a kid that is a list', () => forge({ header: { kid: [key.kid] } })],
    ['no kid', () => forge({ header: { kid: undefined } })],
    [
      'a key of its own in the header',
      () => forge({ header: { kid: undefined, jwk: ownJwk() }, by: OWN }),
    ],
    ['another type', () => forge({ header: { typ: 'JWT' } })],
    ['a critical header that nobody knows', () => forge({ header: { crit: ['b64'], b64: false } })],
    ['another issuer', () => forge({ claims: { iss: 'another' } })],
    ['another audience', () => forge({ claims: { aud: 'another' } })],
    ['no issuer', () => forge({ claims: { iss: undefined } })],
    ['no audience', () => forge({ claims: { aud: undefined } })],
    ['no expiry', () => forge({ claims: { exp: undefined } })],
    ['an expiry that is not a number', () => forge({ claims: { exp: '9999999999' } })],
    ['no session', () => forge({ claims: { sid: undefined } })],
    ['a session that is not an id', () => forge({ claims: { sid: "' or true --" } })],
    ['claims altered after signing', altered],
    ['the key of two days ago', () => forgeBy(keyAt(-2 * DAY_SECONDS))],
    ['a key of another master secret', () => forgeBy(keyOfAnother())],
  ];
  it.each(forgeries)('%s is refused', async (_, make) => {
    expect(await answerTo(make())).toEqual([401, 'token_invalid']);
  });

  it('of the day before serves past midnight', async () => {
    expect(await answerTo(forgeBy(keyAt(-DAY_SECONDS)))).toEqual([200, undefined]);
    expect(await answerTo(forgeBy(keyAt(DAY_SECONDS)))).toEqual([200, undefined]);
  });

  const times: [string, () => object, number, string | undefined][] = [
    ['expired a minute and a second ago', () => ({ exp: nowSeconds() - 61 }), 401, 'token_expired'],
    ['expired half a minute ago by our clock', () => ({ exp: nowSeconds() - 30 }), 200, undefined],
    [
      'not valid for more than a minute yet',
      () => ({ nbf: nowSeconds() + 65 }),
      401,
      'token_not_yet_valid',
    ],
    ['valid in half a minute by our clock', () => ({ nbf: nowSeconds() + 30 }), 200, undefined],
  ];
  it.each(times)('%s', async (_, when, status, code) => {
    expect(await answerTo(forge({ claims: when() }))).toEqual([status, code]);
  });

  it('of the session of somebody else is refused', async () => {
    const person = await aPerson(tocsin, await anActor(tocsin));
    const { session } = await person.tokens();
    expect(await answerTo(forge({ claims: { sid: session } }))).toEqual([401, 'session_ended']);
  });

  it('expires as told, and is not much longer good', async () => {
    const person = await aPerson(tocsin, await anActor(tocsin));
    const { access_token: token } = await person.tokens();
    const { exp, iat } = decode(token.split('.')[1] ?? '') as { exp: number; iat: number };
    expect(exp - iat).toBe(540);
    tocsin.clock.advance(539_000);
    expect(await answerTo(token)).toEqual([200, undefined]);
    tocsin.clock.advance(62_000);
    expect(await answerTo(token)).toEqual([401, 'token_expired']);
  });
});

const OWN = newKey();

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function ownJwk(): object {
  const { kty, crv, x } = createPrivateKey(OWN).export({ format: 'jwk' });
  return { kty, crv, x };
}

function keyAt(seconds: number): TokenKey {
  return tokenKeys(tocsin.keyring, new Date(tocsin.clock.now().getTime() + seconds * 1000))[0];
}

function otherKey(): TokenKey {
  return keyAt(-DAY_SECONDS);
}

function keyOfAnother(): TokenKey {
  return tokenKeys(createKeyring(Buffer.alloc(32, 7)), tocsin.clock.now())[0];
}

function forgeBy({ kid, privateKey }: TokenKey): string {
  return forge({ header: { kid }, by: privateKey });
}

function altered(): string {
  const [head, , signature] = forge({}).split('.');
  return `${head}.${encode({ ...claims, iat: 1 })}.${signature}`;
}
