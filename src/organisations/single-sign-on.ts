/**
 * Single sign-on by OpenID Connect Core 1.0 §3.1 (code flow, confidential client) with PKCE (RFC
 * 7636), state and nonce. What belongs to one way there and back is sealed into a cookie, so that
 * it begins and ends in the same browser, and the server keeps nothing.
 */
import * as oidc from 'openid-client';
import { z } from 'zod';
import { Problem } from '../errors.ts';
import { seal, unseal } from '../keyring.ts';
import { asServer, isUniqueViolation } from '../store/transaction.ts';
import { findUser } from '../store/users.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { linkIdentity } from './link-identity.ts';
import { beginSession, type Client, type Continued } from './sessions.ts';
import { useCode } from './second-factor.ts';
import type { SignInContext, SignInDesk } from './sign-in.ts';
import { narrowNetwork } from './source-networks.ts';

export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a client without a secret, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
  /** The slug of the organisation whose analyst everybody becomes; undefined: nobody is made. */
  readonly organisation: string | undefined;
}

export interface SingleSignOnContext extends SignInContext {
  readonly signInDesk: SignInDesk;
  readonly provider: IdentityProvider;
  /** The guarded way out. */
  readonly fetch: oidc.CustomFetch;
}

/** A session, or what is to come back with a code where the account takes a second factor. */
export type Arrival = { readonly session: Continued } | { readonly pending: string };

/** What a browser comes with. */
export interface SsoWish {
  /** The token of a link. */
  readonly invitation?: string | undefined;
  /** Slug of the exercise that the session is to be in; production unless given. */
  readonly realm?: string | undefined;
}

export interface SingleSignOn {
  /** Where to send the browser, and what it is to bring back. */
  start(wish?: SsoWish): Promise<{ readonly url: string; readonly flow: string }>;
  /**
   * The browser is back, with this query. Throws Problem single_sign_on_failed or
   * single_sign_on_unknown.
   */
  finish(flow: string, query: string, client: Client): Promise<Arrival>;
  /** Throws Problem single_sign_on_failed, second_factor_invalid or too_many_attempts. */
  complete(pending: string, code: string, client: Client): Promise<Continued>;
}

/** Exchanges with the provider: as expensive for it as a password is for us. */
const EXCHANGES = { running: 8, waiting: 256, waitingPerSource: 16, waitMs: 10_000 };

const FLOW_MS = 10 * 60_000;
const SCOPE = 'openid email profile';
const TOLERANCE_SECONDS = 60;
const startedBy = 'single_sign_on';

const Flow = z.object({
  at: z.number(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  invitation: z.string().optional(),
  realm: z.string().optional(),
});
const Pending = z.object({ at: z.number(), userId: z.string(), realm: z.string().optional() });

/** Asks the provider nothing before the first sign-in: it may be down while the server starts. */
export function createSingleSignOn(context: SingleSignOnContext): SingleSignOn {
  const { provider, clock } = context;
  const queue: FairQueue = createFairQueue(EXCHANGES);
  let asked: Promise<oidc.Configuration> | undefined;
  const configuration = (): Promise<oidc.Configuration> => {
    asked ??= discover(context).catch((cause: unknown) => {
      asked = undefined;
      throw failed(cause);
    });
    return asked;
  };
  return {
    start: async (wish) => {
      const config = await configuration();
      const verifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: provider.redirectUri,
        scope: SCOPE,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const flow = { at: clock.now().getTime(), state, nonce, verifier, ...wish };
      return { url: url.href, flow: close(context, 'flow', flow) };
    },
    finish: async (sealed, query, client) => {
      const flow = open(context, 'flow', Flow, sealed);
      const config = await configuration();
      const source = { name: narrowNetwork(client.address), known: false };
      const claims = await queue(source, () => exchange(config, provider, flow, query));
      return arrive(context, claims, flow, client);
    },
    complete: async (sealed, code, client) => {
      const pending = open(context, 'pending', Pending, sealed);
      return complete(context, pending, code, client);
    },
  };
}

function discover({ provider, fetch }: SingleSignOnContext): Promise<oidc.Configuration> {
  const issuer = new URL(provider.issuer);
  // Whether plain http may be spoken to this address is for the guarded way out to say.
  const execute = [oidc.enableNonRepudiationChecks];
  if (issuer.protocol === 'http:') execute.push(oidc.allowInsecureRequests);
  const { clientId, clientSecret } = provider;
  const authentication =
    clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
  const metadata = { [oidc.clockTolerance]: TOLERANCE_SECONDS };
  const options = { [oidc.customFetch]: fetch, execute };
  return oidc.discovery(issuer, clientId, metadata, authentication, options);
}

interface Claims {
  readonly issuer: string;
  readonly subject: string;
  /** Undefined unless the provider has verified it. */
  readonly email: string | undefined;
  readonly name: string | undefined;
}

async function exchange(
  config: oidc.Configuration,
  { redirectUri }: IdentityProvider,
  { state, nonce, verifier }: z.infer<typeof Flow>,
  query: string,
): Promise<Claims> {
  const url = new URL(redirectUri);
  url.search = query;
  try {
    const tokens = await oidc.authorizationCodeGrant(config, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('There is no ID token');
    const { iss: issuer, sub: subject, email, email_verified: isVerified, name } = claims;
    return {
      issuer,
      subject,
      email: isVerified === true && typeof email === 'string' ? email.toLowerCase() : undefined,
      name: typeof name === 'string' ? name : undefined,
    };
  } catch (cause) {
    throw failed(cause);
  }
}

async function arrive(
  { db, clock, keyring, provider }: SingleSignOnContext,
  claims: Claims,
  { invitation, realm }: SsoWish,
  client: Client,
): Promise<Arrival> {
  const now = clock.now();
  const { organisation } = provider;
  try {
    return await asServer(db, async (tx): Promise<Arrival> => {
      const user = await linkIdentity(tx, { ...claims, invitation, organisation, now, client });
      if (user.totpConfirmedAt === null) {
        return { session: await beginSession(tx, user, { startedBy, client, realm, now }) };
      }
      const pending = { at: now.getTime(), userId: user.id, realm };
      return { pending: close({ keyring }, 'pending', pending) };
    });
  } catch (error) {
    // The same person came twice at once, for the first time.
    throw isUniqueViolation(error) ? failed(error) : error;
  }
}

async function complete(
  { db, clock, keyring, signInDesk }: SingleSignOnContext,
  { userId, realm }: z.infer<typeof Pending>,
  code: string,
  client: Client,
): Promise<Continued> {
  return signInDesk.guarded(userId, () =>
    asServer(db, async (tx) => {
      const user = await findUser(tx, { id: userId }, { lock: true });
      if (user?.status !== 'active') throw failed();
      const now = clock.now();
      if (user.totpConfirmedAt !== null) await useCode(tx, keyring, user, code, now);
      return beginSession(tx, user, { startedBy, client, realm, now });
    }),
  );
}

type Kind = 'flow' | 'pending';

function close({ keyring }: Pick<SignInContext, 'keyring'>, kind: Kind, value: object): string {
  const plain = Buffer.from(JSON.stringify(value));
  return seal(keyring, 'stored-secret', plain, `single-sign-on ${kind}`).toString('base64url');
}

/** Throws Problem single_sign_on_failed for what is not ours, or too old. */
function open<T extends { readonly at: number }>(
  { keyring, clock }: SignInContext,
  kind: Kind,
  schema: z.ZodType<T>,
  text: string,
): T {
  const sealed = Buffer.from(text, 'base64url');
  const plain = unseal(keyring, 'stored-secret', sealed, `single-sign-on ${kind}`);
  if (plain === undefined) throw failed();
  const value = schema.parse(JSON.parse(plain.toString('utf8')));
  if (clock.now().getTime() - value.at > FLOW_MS) throw failed();
  return value;
}

function failed(cause?: unknown): Problem {
  const detail = 'Begin again; if it fails again, tell the operator the id in `instance`';
  return new Problem('single_sign_on_failed', detail, { cause });
}
