/** Settings whose value is in a file: secrets, which no environment should show, and certificates. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, invalidSettings } from './config-faults.ts';

/** Of PostgreSQL, with its account. */
export const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Throws ConfigError when one of the two is missing. */
export function tlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  throw invalidSettings(['TLS needs both TOCSIN_TLS_CERT and TOCSIN_TLS_KEY']);
}

const METRICS_TOKEN_MIN = 32;

/** Throws ConfigError for a token that is short, or that no header can carry. */
export function metricsToken(file: string | undefined): string | undefined {
  const token = secretText('TOCSIN_METRICS_TOKEN_FILE', file);
  if (file === undefined || token === undefined) return undefined;
  if (/^[!-~]+$/.test(token) && token.length >= METRICS_TOKEN_MIN) return token;
  throw new ConfigError(
    `TOCSIN_METRICS_TOKEN_FILE: ${file} must hold at least ${METRICS_TOKEN_MIN} printable ASCII ` +
      'characters without a space, such as the output of `openssl rand -hex 32`',
  );
}

/** The URL in a file, which no message repeats: it may hold a password. Throws ConfigError. */
export function databaseUrlOf(file: string | undefined): string | undefined {
  const text = secretText('DATABASE_URL_FILE', file);
  if (file === undefined || text === undefined) return undefined;
  if (databaseUrl.safeParse(text).success) return text;
  throw invalidSettings([
    `DATABASE_URL_FILE: ${file} does not hold the URL of a PostgreSQL database, such as ` +
      'postgresql://account:password@host:5432/database',
  ]);
}

/** The text of a file without the white space around it. Throws ConfigError naming the setting. */
export function secretText(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`${name}: ${file} cannot be read`, { cause });
  }
}

/** Who says who people are, and what this server is to it (OpenID Connect). */
export interface IdentityProviderConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
  /** The slug of the organisation whose analyst everybody becomes; undefined: nobody is made. */
  readonly organisation: string | undefined;
  /** Values of `amr` or `acr` by which it says that a second factor was used. */
  readonly secondFactor: readonly string[];
}
