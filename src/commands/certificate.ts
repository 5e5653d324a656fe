/** The certificate of TOCSIN_TLS_CERT and TOCSIN_TLS_KEY: read at start, and again when it changes. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigError, type TlsFiles } from '../config.ts';
import { secureContext, type Certificate, type CertificateSource } from '../http/edge/tls.ts';
import type { Logger } from '../telemetry.ts';

/** How soon a change is noticed. The files are looked at, since events of a file system get lost. */
const LOOK_MS = 2000;

interface WatchedCertificate extends CertificateSource {
  close(): Promise<void>;
}

/**
 * Reads the certificate and its key, and watches both. A pair that cannot be used later is logged,
 * and the one in use stays. Throws ConfigError when the first one cannot be used.
 */
export async function watchCertificate(
  files: TlsFiles,
  logger: Logger,
): Promise<WatchedCertificate> {
  let seen = await readPair(files);
  let current = checked(seen, files);
  const users: ((certificate: Certificate) => void)[] = [];
  const look = async (): Promise<void> => {
    try {
      const found = await readPair(files);
      if (found.cert === seen.cert && found.key === seen.key) return;
      seen = found;
      current = checked(found, files);
      for (const use of users) use(current);
      logger.info({ validTo: validTo(current) }, 'the TLS certificate was renewed');
    } catch (error) {
      logger.error(
        { err: error },
        'the new TLS certificate cannot be used; the old one stays in use',
      );
    }
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  return {
    get current() {
      return current;
    },
    onRenewed: (use) => void users.push(use),
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Until when the first certificate of the file is valid. Throws ConfigError as watchCertificate. */
export async function certificateEnd(files: TlsFiles): Promise<Date> {
  return validTo(checked(await readPair(files), files));
}

function validTo({ cert }: Certificate): Date {
  return new X509Certificate(cert).validToDate;
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<Certificate> {
  const cert = await readPem('TOCSIN_TLS_CERT', certFile);
  return { cert, key: await readPem('TOCSIN_TLS_KEY', keyFile) };
}

async function readPem(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: cannot read ${file}`, { cause });
  }
}

/** OpenSSL says no more than which of the two it does not like, so no byte of the key is repeated. */
function checked(certificate: Certificate, { certFile, keyFile }: TlsFiles): Certificate {
  try {
    createSecureContext(secureContext(certificate));
    validTo(certificate);
    return certificate;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `TOCSIN_TLS_CERT and TOCSIN_TLS_KEY: ${certFile} and ${keyFile} are not a certificate and ` +
        `its key, both PEM (${why})`,
      { cause },
    );
  }
}
