import { tmpdir } from 'node:os';
import { z } from 'zod';
import { invalidSettings, unknownSettings } from './config-faults.ts';
import {
  databaseUrl,
  databaseUrlOf,
  metricsToken,
  secretText,
  tlsFiles,
  type TlsFiles,
  type IdentityProviderConfig,
} from './config-files.ts';
import { atLeast, ranges } from './config-values.ts';
import { parsed } from './schema-issues.ts';
import type {
  AnswerLimits,
  BudgetLimits,
  Quotas,
  RateLimits,
  SlotLimits,
  StreamLimits,
} from './limits.ts';

export { ConfigError } from './config-faults.ts';
export type { TlsFiles } from './config-files.ts';

/** A request that finds no room among the bytes in flight waits so long, then gets 503. */
const BUDGET_WAIT_MS = 5_000;

/**
 * Everything that the environment may say, checked once at start. Nothing else reads it.
 * docs/reference/settings.md lists each with its default; a test compares the two.
 */
export const settings = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_URL_FILE: z.string().optional(),
  TOCSIN_DATA_DIR: z.string().min(1).default('./data'),
  TOCSIN_SECRET_FILE: z.string().optional(),
  TOCSIN_SECRET_FILE_OLD: z.string().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  TOCSIN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TOCSIN_TRUSTED_PROXIES: ranges,
  TOCSIN_FORWARDED_HEADER: z.enum(['x-forwarded-for', 'forwarded']).default('x-forwarded-for'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TOCSIN_DATABASE_POOL: z.coerce.number().int().min(2).max(500).default(16),
  TOCSIN_DATABASE_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  TOCSIN_BODY_BYTES_MAX: atLeast(1024, 64 * 1024 * 1024),
  TOCSIN_BUNDLE_OBJECTS_MAX: atLeast(1, 50_000),
  TOCSIN_STORAGE_FREE_MIN: atLeast(0, 1024 * 1024 * 1024),
  TOCSIN_QUOTA_BYTES_DAY: atLeast(1024, 4 * 1024 * 1024 * 1024),
  TOCSIN_QUOTA_AUDIENCES: atLeast(1, 5000),
  TOCSIN_UNKNOWN_TLP: z.enum(['warn', 'reject']).default('warn'),
  TOCSIN_QUOTA_SUBSCRIPTIONS: atLeast(1, 100),
  TOCSIN_QUOTA_KEYS: atLeast(1, 500),
  TOCSIN_QUOTA_USERS: atLeast(1, 1000),
  TOCSIN_QUOTA_GROUPS_OWNED: atLeast(1, 100),
  TOCSIN_QUOTA_GROUPS_JOINED: atLeast(1, 500),
  TOCSIN_QUOTA_GROUP_MEMBERS: atLeast(1, 500),
  TOCSIN_QUOTA_INVITATIONS: atLeast(1, 10),
  TOCSIN_QUOTA_INVITATIONS_SENT: atLeast(1, 1000),
  TOCSIN_BYTES_IN_FLIGHT: atLeast(1024 * 1024, 512 * 1024 * 1024),
  TOCSIN_BYTES_PER_ORGANISATION: atLeast(1024 * 1024, 128 * 1024 * 1024),
  TOCSIN_BODY_BYTES_PER_SECOND: atLeast(1, 1024),
  TOCSIN_BODY_PAUSE_SECONDS: z.coerce.number().min(0.1).max(3600).default(10),
  TOCSIN_CONNECTIONS_PER_NETWORK: atLeast(1, 4096),
  TOCSIN_REQUESTS_MAX: atLeast(1, 4096),
  TOCSIN_REQUESTS_PER_ORGANISATION: atLeast(1, 1024),
  TOCSIN_REQUESTS_PER_KEY: atLeast(1, 256),
  TOCSIN_STREAMS_MAX: atLeast(1, 4000),
  TOCSIN_STREAMS_PER_ORGANISATION: atLeast(1, 2000),
  TOCSIN_STREAMS_PER_KEY: atLeast(1, 1000),
  TOCSIN_STREAM_BYTES: atLeast(1, 1024 * 1024),
  TOCSIN_ANSWER_PAUSE_SECONDS: z.coerce.number().min(0.1).max(3600).default(20),
  TOCSIN_ANSWER_BYTES_PER_SECOND: atLeast(1, 8192),
  TOCSIN_SPOOL_DIR: z.string().min(1).optional(),
  TOCSIN_SPOOL_BYTES_MAX: atLeast(4 * 1024 * 1024, 1024 * 1024 * 1024),
  TOCSIN_EGRESS_ALLOW: ranges,
  TOCSIN_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  TOCSIN_METRICS_HOST: z.string().default('127.0.0.1'),
  TOCSIN_METRICS_TOKEN_FILE: z.string().optional(),
  TOCSIN_TLS_CERT: z.string().optional(),
  TOCSIN_TLS_KEY: z.string().optional(),
  TOCSIN_DOCS: z.enum(['public', 'members']).default('public'),
  TOCSIN_LEASE_SECONDS: z.coerce.number().min(1).max(3600).default(10),
  TOCSIN_DELIVERIES_MAX: z.coerce.number().int().min(1).max(1000).default(64),
  TOCSIN_RATE_REQUESTS: atLeast(1, 30_000),
  TOCSIN_RATE_BURST: atLeast(0, 60_000),
  TOCSIN_RATE_ROWS: atLeast(1, 6_000_000),
  TOCSIN_RATE_ORGANISATION: atLeast(1, 4),
  TOCSIN_RATE_WRONG_KEYS: atLeast(1, 60),
  TOCSIN_SIGN_IN_TRIES: atLeast(1, 60),
  TOCSIN_SECOND_FACTOR_REQUIRED: z.stringbool().default(true),
  TOCSIN_OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  TOCSIN_OIDC_CLIENT_ID: z.string().optional(),
  TOCSIN_OIDC_CLIENT_SECRET_FILE: z.string().optional(),
  TOCSIN_OIDC_SECOND_FACTOR: z.string().default(''),
  TOCSIN_OIDC_ORGANISATION: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .optional(),
});

export interface Config {
  /** Undefined: the embedded server under `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly secretFile: string | undefined;
  readonly oldSecretFile: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  /** CIDRs of the proxies that are trusted to name their clients. */
  readonly trustedProxies: readonly string[];
  readonly forwardedHeader: 'x-forwarded-for' | 'forwarded';
  readonly logLevel: string;
  readonly databasePool: number;
  readonly databasePort: number | undefined;
  readonly bodyBytesMax: number;
  readonly bundleObjectsMax: number;
  /** What happens to objects whose TLP level is unknown. */
  readonly unknownTlp: 'warn' | 'reject';
  readonly bodyBytesPerSecond: number;
  readonly bodyPauseSeconds: number;
  /** Where results of long requests are stored until they are sent, and how many bytes of them. */
  readonly spoolDirectory: string;
  readonly spoolBytesMax: number;
  /** Memory of requests and answers under way. */
  readonly bytesInFlight: BudgetLimits;
  /** Connections that one network may have open. */
  readonly connectionsPerNetwork: number;
  readonly requests: SlotLimits;
  readonly streams: StreamLimits;
  readonly answers: AnswerLimits;
  readonly egressAllow: readonly string[];
  /** A listener for /metrics alone; undefined: none. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly metricsToken: string | undefined;
  /** Undefined: plain http. */
  readonly tls: TlsFiles | undefined;
  readonly docs: 'public' | 'members';
  readonly leaseSeconds: number;
  readonly deliveriesMax: number;
  readonly rates: RateLimits;
  readonly quotas: Quotas;
  readonly signInTries: number;
  readonly secondFactorRequired: boolean;
  /** Bytes to be kept free on the disk of the embedded database. */
  readonly storageFreeMin: number;
  /** Undefined where there is no single sign-on. */
  readonly identityProvider: IdentityProviderConfig | undefined;
}

function budgetOf(value: z.infer<typeof settings>): BudgetLimits {
  return {
    total: value.TOCSIN_BYTES_IN_FLIGHT,
    perOrganisation: value.TOCSIN_BYTES_PER_ORGANISATION,
    waitMs: BUDGET_WAIT_MS,
  };
}

/** Reads and checks the environment. Throws ConfigError naming every wrong setting. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const unknown = unknownSettings(Object.keys(given), Object.keys(settings.shape));
  const read = parsed(settings, given, { subject: 'The environment', entry: 'setting' });
  const wrong = read.ok ? [] : read.issues.map(({ detail }) => detail);
  if (!read.ok || unknown.length > 0) throw invalidSettings([...unknown, ...wrong]);
  const { value } = read;
  return {
    databaseUrl: value.DATABASE_URL ?? databaseUrlOf(value.DATABASE_URL_FILE),
    dataDir: value.TOCSIN_DATA_DIR,
    secretFile: value.TOCSIN_SECRET_FILE,
    oldSecretFile: value.TOCSIN_SECRET_FILE_OLD,
    host: value.HOST,
    port: value.PORT,
    publicUrl: value.TOCSIN_PUBLIC_URL,
    trustedProxies: value.TOCSIN_TRUSTED_PROXIES,
    forwardedHeader: value.TOCSIN_FORWARDED_HEADER,
    logLevel: value.LOG_LEVEL,
    databasePool: value.TOCSIN_DATABASE_POOL,
    databasePort: value.TOCSIN_DATABASE_PORT,
    bodyBytesMax: value.TOCSIN_BODY_BYTES_MAX,
    bundleObjectsMax: value.TOCSIN_BUNDLE_OBJECTS_MAX,
    unknownTlp: value.TOCSIN_UNKNOWN_TLP,
    bodyBytesPerSecond: value.TOCSIN_BODY_BYTES_PER_SECOND,
    bodyPauseSeconds: value.TOCSIN_BODY_PAUSE_SECONDS,
    spoolDirectory: value.TOCSIN_SPOOL_DIR ?? tmpdir(),
    spoolBytesMax: value.TOCSIN_SPOOL_BYTES_MAX,
    bytesInFlight: budgetOf(value),
    ...answerLimits(value),
    egressAllow: value.TOCSIN_EGRESS_ALLOW,
    metricsPort: value.TOCSIN_METRICS_PORT,
    metricsHost: value.TOCSIN_METRICS_HOST,
    metricsToken: metricsToken(value.TOCSIN_METRICS_TOKEN_FILE),
    tls: tlsFiles(value.TOCSIN_TLS_CERT, value.TOCSIN_TLS_KEY),
    docs: value.TOCSIN_DOCS,
    leaseSeconds: value.TOCSIN_LEASE_SECONDS,
    deliveriesMax: value.TOCSIN_DELIVERIES_MAX,
    rates: {
      requests: value.TOCSIN_RATE_REQUESTS,
      burst: value.TOCSIN_RATE_BURST,
      rows: value.TOCSIN_RATE_ROWS,
      organisation: value.TOCSIN_RATE_ORGANISATION,
      wrongKeys: value.TOCSIN_RATE_WRONG_KEYS,
    },
    ...storageLimits(value),
    ...signInOf(value),
    identityProvider: identityProvider(value),
  };
}

function answerLimits(value: z.infer<typeof settings>) {
  return {
    connectionsPerNetwork: value.TOCSIN_CONNECTIONS_PER_NETWORK,
    requests: {
      total: value.TOCSIN_REQUESTS_MAX,
      perOrganisation: value.TOCSIN_REQUESTS_PER_ORGANISATION,
      perKey: value.TOCSIN_REQUESTS_PER_KEY,
    },
    streams: {
      total: value.TOCSIN_STREAMS_MAX,
      perOrganisation: value.TOCSIN_STREAMS_PER_ORGANISATION,
      perKey: value.TOCSIN_STREAMS_PER_KEY,
      bytesMax: value.TOCSIN_STREAM_BYTES,
    },
    answers: {
      stallMs: value.TOCSIN_ANSWER_PAUSE_SECONDS * 1000,
      bytesPerSecond: value.TOCSIN_ANSWER_BYTES_PER_SECOND,
    },
  };
}

function signInOf(value: z.infer<typeof settings>) {
  const secondFactorRequired = value.TOCSIN_SECOND_FACTOR_REQUIRED;
  return { signInTries: value.TOCSIN_SIGN_IN_TRIES, secondFactorRequired };
}

/**
 * The environment for another Tocsin that is to have nothing to do with the settings of this one:
 * ours without anything that it or PostgreSQL's clients would read, and with `given`.
 */
export function environmentWith(
  given: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const ours = Object.entries(env).filter(
    ([name]) => !Object.hasOwn(settings.shape, name) && !/^(TOCSIN_|PG)/.test(name),
  );
  return { ...Object.fromEntries(ours), ...given };
}

/** Whether npm runs this as a script, with a shell between that passes no signal on. */
export function isNpmScript(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['npm_lifecycle_event'] !== undefined;
}

function storageLimits(value: z.infer<typeof settings>): Pick<Config, 'quotas' | 'storageFreeMin'> {
  return {
    storageFreeMin: value.TOCSIN_STORAGE_FREE_MIN,
    quotas: {
      bytesPerDay: value.TOCSIN_QUOTA_BYTES_DAY,
      audiences: value.TOCSIN_QUOTA_AUDIENCES,
      subscriptions: value.TOCSIN_QUOTA_SUBSCRIPTIONS,
      keys: value.TOCSIN_QUOTA_KEYS,
      users: value.TOCSIN_QUOTA_USERS,
      groups: {
        owned: value.TOCSIN_QUOTA_GROUPS_OWNED,
        joined: value.TOCSIN_QUOTA_GROUPS_JOINED,
        members: value.TOCSIN_QUOTA_GROUP_MEMBERS,
        invitationsReceived: value.TOCSIN_QUOTA_INVITATIONS,
        invitationsSent: value.TOCSIN_QUOTA_INVITATIONS_SENT,
      },
    },
  };
}

/** Throws ConfigError when it is set up by half. */
function identityProvider(value: z.infer<typeof settings>): IdentityProviderConfig | undefined {
  const { TOCSIN_OIDC_ISSUER: issuer, TOCSIN_OIDC_CLIENT_ID: clientId } = value;
  const { TOCSIN_PUBLIC_URL: publicUrl, TOCSIN_OIDC_CLIENT_SECRET_FILE: file } = value;
  const organisation = value.TOCSIN_OIDC_ORGANISATION;
  const given = [issuer, clientId, file, organisation];
  if (given.every((one) => one === undefined)) return undefined;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined) {
    throw invalidSettings([
      'Single sign-on needs TOCSIN_OIDC_ISSUER, TOCSIN_OIDC_CLIENT_ID and TOCSIN_PUBLIC_URL',
    ]);
  }
  const clientSecret = secretText('TOCSIN_OIDC_CLIENT_SECRET_FILE', file);
  const redirectUri = new URL('/api/v1/sso/callback', publicUrl).href;
  const secondFactor = value.TOCSIN_OIDC_SECOND_FACTOR.split(/[,\s]+/).filter(Boolean);
  return { issuer, clientId, clientSecret, redirectUri, organisation, secondFactor };
}
