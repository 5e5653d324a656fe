/**
 * Single sign-on by OpenID Connect Core 1.0 §3.1 (code flow, confidential client) with PKCE (RFC
 * 7636), state and nonce. What belongs to one way there and back is sealed into a cookie, so that
 * it begins and ends in the same browser, and the server keeps nothing.
 */
import * as oidc from 'openid-client';
import { ROLES } from '../sharing/member.ts';
import { asServer, isUniqueViolation, type ServerTx } from '../store/postgres/transaction.ts';
import { findUser, listUsers, type UserRecord } from '../store/access/users.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { confirmBinding, recognise } from './link-identity.ts';
import { beginSession, type Client, type Continued } from './sessions.ts';
import { useCode } from './second-factor.ts';
import type { SignInContext, SignInDesk } from './sign-in.ts';
import { narrowNetwork } from '../networks.ts';
import {
  checkConfirmation,
  confirmationToken,
  failed,
  openState,
  sealState,
  type State,
} from './sso-state.ts';

export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a client without a secret, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
  /** The slug of the organisation whose analyst everybody becomes; undefined: nobody is made. */
  readonly organisation: string | undefined;
  /** Values of `amr` or `acr` by which it says that a second factor was used. */
  readonly secondFactor: readonly string[];
}

export interface SingleSignOnContext extends SignInContext {
  readonly signInDesk: SignInDesk;
  readonly provider: IdentityProvider;
  /** The guarded way out. */
  readonly fetch: oidc.CustomFetch;
}

/**
 * A session; or the state with which a code is to come, where the account has a second factor; or
 * the one with which a confirmation is to come, where the account is not bound yet.
 */
export type Arrival =
  { readonly session: Continued } | { readonly pending: string } | { readonly binding: string };

/** What a person is asked to confirm. */
export interface BindingView {
  readonly organisation: { readonly slug: string; readonly name: string };
  readonly email: string;
  readonly issuer: string;
  /** To be sent back with the confirmation. */
  readonly token: string;
}

/** What a browser begins with. */
export interface SsoInput {
  /** The token of a link. */
  readonly invitation?: string | undefined;
  /** Slug of the exercise that the session is to be in; production unless given. */
  readonly realm?: string | undefined;
}

export interface SingleSignOn {
  /** Where to send the browser, and what it is to bring back. */
  start(input?: SsoInput): Promise<{ readonly url: string; readonly flow: string }>;
  /**
   * The browser is back, with this query. Throws Problem single_sign_on_failed,
   * single_sign_on_unknown or identity_mismatch.
   */
  finish(flow: string, query: string, client: Client): Promise<Arrival>;
  /** Throws Problem single_sign_on_failed, second_factor_invalid or too_many_attempts. */
  complete(pending: string, code: string, client: Client): Promise<Continued>;
  /** What would be bound to what. Throws Problem single_sign_on_failed. */
  describe(binding: string): Promise<BindingView>;
  /**
   * Binds the account, with the token of the description. Throws Problem single_sign_on_failed,
   * single_sign_on_unknown or identity_mismatch.
   */
  confirm(binding: string, token: string, client: Client): Promise<Arrival>;
}

/** Exchanges with the provider: as expensive for it as a password is for us. */
const EXCHANGES = { running: 8, waiting: 256, waitingPerSource: 16, waitMs: 10_000 };

const SCOPE = 'openid email profile';
const TOLERANCE_SECONDS = 60;
const startedBy = 'single_sign_on';

/** Asks the provider nothing before the first sign-in: it may be down while the server starts. */
export function createSingleSignOn(context: SingleSignOnContext): SingleSignOn {
  const { provider } = context;
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
    start: async (input) => {
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
      const flow = sealState(context, 'flow', { state, nonce, verifier, ...input });
      return { url: url.href, flow };
    },
    finish: async (sealed, query, client) => {
      const flow = openState(context, 'flow', sealed);
      const config = await configuration();
      const source = { name: narrowNetwork(client.address), known: false };
      const claims = await queue(source, () => exchange(config, provider, flow, query));
      return arrive(context, claims, flow, client);
    },
    complete: async (sealed, code, client) => {
      const pending = openState(context, 'pending', sealed);
      return complete(context, pending, code, client);
    },
    describe: (sealed) => describe(context, sealed),
    confirm: (sealed, token, client) => confirm(context, sealed, token, client),
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
  /** Whether the provider said, as configured, that a second factor was used. */
  readonly secondFactorElsewhere: boolean;
}

async function exchange(
  config: oidc.Configuration,
  { redirectUri, secondFactor }: IdentityProvider,
  { state, nonce, verifier }: State<'flow'>,
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
      secondFactorElsewhere: [claims['amr'], claims['acr']]
        .flat()
        .some((value) => typeof value === 'string' && secondFactor.includes(value)),
    };
  } catch (cause) {
    throw failed(cause);
  }
}

async function arrive(
  context: SingleSignOnContext,
  { secondFactorElsewhere, ...claims }: Claims,
  flow: SsoInput,
  client: Client,
): Promise<Arrival> {
  const { db, clock, provider } = context;
  const { realm } = flow;
  const { organisation } = provider;
  return unlessTwice(() =>
    asServer(db, async (tx): Promise<Arrival> => {
      const stranger = { ...claims, organisation, now: clock.now(), invitation: flow.invitation };
      const { user, bound, invitation } = await recognise(tx, stranger, client);
      if (bound) return enter(context, tx, user, { realm, client, secondFactorElsewhere });
      const { issuer, subject, email } = claims;
      const identity = { issuer, subject, email, secondFactorElsewhere };
      const state = { userId: user.id, invitation, realm, ...identity };
      return { binding: sealState(context, 'binding', state) };
    }),
  );
}

interface Entering {
  readonly realm: string | undefined;
  readonly client: Client;
  readonly secondFactorElsewhere: boolean;
}

/** Begins a session, unless the account has a second factor: then the code is still to come. */
async function enter(
  context: SingleSignOnContext,
  tx: ServerTx,
  user: UserRecord,
  { realm, client, secondFactorElsewhere }: Entering,
): Promise<Arrival> {
  if (user.totpConfirmedAt !== null) {
    const state = { userId: user.id, realm, secondFactorElsewhere };
    return { pending: sealState(context, 'pending', state) };
  }
  const now = context.clock.now();
  const beginning = { startedBy, secondFactorElsewhere, client, realm, now } as const;
  return { session: await beginSession(tx, user, beginning) };
}

async function complete(
  { db, clock, keyring, signInDesk }: SingleSignOnContext,
  { userId, realm, secondFactorElsewhere }: State<'pending'>,
  code: string,
  client: Client,
): Promise<Continued> {
  return signInDesk.guarded(userId, () =>
    asServer(db, async (tx) => {
      const user = await findUser(tx, { id: userId }, { lock: true });
      if (user?.status !== 'active') throw failed();
      const now = clock.now();
      if (user.totpConfirmedAt !== null) await useCode(tx, keyring, user, code, now);
      return beginSession(tx, user, { startedBy, secondFactorElsewhere, client, realm, now });
    }),
  );
}

async function describe(context: SingleSignOnContext, sealed: string): Promise<BindingView> {
  const { userId: id, issuer } = openState(context, 'binding', sealed);
  const [user] = await listUsers(context.db.server, { id, roles: ROLES });
  if (user === undefined) throw failed();
  const { organisation: slug, organisationName: name, email } = user;
  return { organisation: { slug, name }, email, issuer, token: confirmationToken(context, sealed) };
}

async function confirm(
  context: SingleSignOnContext,
  sealed: string,
  token: string,
  client: Client,
): Promise<Arrival> {
  const { realm, secondFactorElsewhere, ...binding } = openState(context, 'binding', sealed);
  checkConfirmation(context, sealed, token);
  return unlessTwice(() =>
    asServer(context.db, async (tx) => {
      const { userId, invitation, issuer, subject, email } = binding;
      const input = { userId, invitation, issuer, subject, email, now: context.clock.now() };
      const user = await confirmBinding(tx, input, client);
      return enter(context, tx, user, { realm, client, secondFactorElsewhere });
    }),
  );
}

/** The same person came twice at once, for the first time: the database lets one of them in. */
async function unlessTwice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? failed(error) : error;
  }
}
