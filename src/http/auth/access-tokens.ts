/**
 * Access tokens (RFC 9068): JWTs signed by Ed25519 keys and nothing else (RFC 8725 §3.1), which
 * say whose session this is. What that user may do is looked up at each request.
 */
import jwt from '@fastify/jwt';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Problem, type ProblemCode } from '../../errors.ts';
import { tokenKeys } from '../../access/token-keys.ts';
import type { Services } from '../context.ts';

const ISSUER = 'tocsin';
const AUDIENCE = 'tocsin/api';
const TYPE = 'at+jwt';

/** With the tolerance below, one serves for ten minutes at the most. */
const LIFE_SECONDS = 540;
const TOLERANCE_MS = 60_000;

const JWT_FORM = /^[\w-]+\.[\w-]*\.[\w-]*$/;

const Header = z.object({ header: z.object({ kid: z.string() }) });
const Claims = z.object({ sub: z.uuid(), sid: z.uuid() });

type Keys = Pick<Services, 'keyring' | 'clock'>;

/** Whose session an access token is of. */
export interface AccessToken {
  readonly userId: string;
  readonly sessionId: string;
}

/** Lets the server sign and verify access tokens. */
export async function takeAccessTokens(
  app: FastifyInstance,
  { keyring, clock }: Keys,
): Promise<void> {
  const [{ privateKey, publicKey }] = tokenKeys(keyring, clock.now());
  const secret = { private: privateKey, public: publicKey };
  await app.register(jwt, {
    secret,
    sign: { algorithm: 'EdDSA', iss: ISSUER, aud: AUDIENCE },
    verify: {
      algorithms: ['EdDSA'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      requiredClaims: ['iss', 'aud', 'sub', 'sid', 'iat', 'nbf', 'exp'],
      clockTolerance: TOLERANCE_MS,
      checkTyp: TYPE,
      cache: false,
    },
  });
}

/** Signs an access token by the newest key; `expiresIn` in seconds. */
export function signAccessToken(
  { jwt: signer }: FastifyInstance,
  { keyring, clock }: Keys,
  { userId, sessionId }: AccessToken,
): { readonly token: string; readonly expiresIn: number } {
  const now = clock.now();
  const [{ kid, privateKey: key }] = tokenKeys(keyring, now);
  const options = {
    key,
    kid,
    typ: TYPE,
    clockTimestamp: now.getTime(),
    expiresIn: LIFE_SECONDS,
    notBefore: 0,
  };
  const token = signer.sign({ sub: userId, sid: sessionId }, options);
  return { token, expiresIn: LIFE_SECONDS };
}

/** Whether what is presented is an access token, not a key. */
export function isAccessToken(text: string): boolean {
  return JWT_FORM.test(text);
}

/** Throws Problem token_invalid, token_expired or token_not_yet_valid. */
export function readAccessToken(
  { jwt: verifier }: FastifyInstance,
  { keyring, clock }: Keys,
  token: string,
): AccessToken {
  const now = clock.now();
  try {
    const { header } = Header.parse(verifier.decode(token, { complete: true }));
    const key = tokenKeys(keyring, now).find(({ kid }) => kid === header.kid)?.publicKey;
    if (key === undefined) throw new Error('The server did not issue this token');
    const claims = verifier.verify(token, { key, clockTimestamp: now.getTime() });
    const { sub, sid } = Claims.parse(claims);
    return { userId: sub, sessionId: sid };
  } catch (error) {
    throw new Problem(codeOf(error), 'Refresh the session, or sign in again', { cause: error });
  }
}

/** By the codes of fast-jwt, which @fastify/jwt passes on. */
function codeOf(error: unknown): ProblemCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FAST_JWT_EXPIRED') return 'token_expired';
  return code === 'FAST_JWT_INACTIVE' ? 'token_not_yet_valid' : 'token_invalid';
}
