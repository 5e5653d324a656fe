import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { get as plainGet } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry.ts';
import { createCertificate } from '../egress/certificate.ts';
import { startTocsin, type Settings, type Tocsin } from '../support/tocsin.ts';

const texts: string[] = [];
const first = createCertificate('localhost');
const second = createCertificate('localhost');
let directory: string;
let settings: Settings;
let tocsin: Tocsin;

async function puts(cert: string, key: string): Promise<void> {
  await writeFile(join(directory, 'cert.pem'), cert);
  await writeFile(join(directory, 'key.pem'), key);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-tls-'));
  await puts(first.cert, first.key);
  settings = {
    TOCSIN_TLS_CERT: join(directory, 'cert.pem'),
    TOCSIN_TLS_KEY: join(directory, 'key.pem'),
  };
  const logger = createLogger('info', { write: (line) => void texts.push(line) });
  tocsin = await startTocsin({ settings, logger });
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly hsts: string | undefined;
  readonly certificate: string;
  readonly reused: boolean;
}

/** An answer to `GET /healthz` by a client that trusts one certificate. */
function asked(ca: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(tocsin.url);
    const options = { host: '127.0.0.1', port, path: '/healthz', servername: 'localhost', ca };
    const request = get({ ...options, ...(agent && { agent }) }, (response) => {
      const socket = response.socket as TLSSocket;
      const { fingerprint256: certificate } = socket.getPeerCertificate();
      const { statusCode: status, headers } = response;
      const hsts = headers['strict-transport-security'];
      response.resume().once('end', () => {
        resolve({ status, hsts, certificate, reused: request.reusedSocket });
      });
    });
    request.once('error', reject);
  });
}

const logged = (word: string) => texts.filter((line) => line.includes(word)).length;

describe('TLS of our own', () => {
  it('answers under the certificate, and tells browsers to use https', async () => {
    expect(tocsin.url).toMatch(/^https:/);
    expect(await asked(first.cert)).toMatchObject({ status: 200, hsts: /max-age=/ });
    await expect(asked(second.cert)).rejects.toThrow(/self-signed/);
  });

  it('does not go below TLS 1.2', async () => {
    const { port } = new URL(tocsin.url);
    const tried = (maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
      new Promise<string | null>((resolve, reject) => {
        const options = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        const to = { host: '127.0.0.1', port: Number(port), servername: 'localhost' };
        const socket = connect({ ...to, ca: first.cert, ...options }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once('error', reject);
      });
    expect(await tried('TLSv1.2')).toBe('TLSv1.2');
    await expect(tried('TLSv1.1')).rejects.toThrow(/alert|version|reset/i);
  });

  it('answers no plain http', async () => {
    const { port } = new URL(tocsin.url);
    const plain = new Promise<number | undefined>((resolve, reject) => {
      plainGet({ host: '127.0.0.1', port, path: '/healthz' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).once('error', reject);
    });
    expect(await plain.catch(() => 'cut')).not.toBe(200);
  });

  it('takes a new certificate without cutting connections, and stays with it if the next is bad', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await asked(first.cert, agent);
    await puts(second.cert, second.key);
    const fresh = () =>
      asked(second.cert).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(fresh, { timeout: 60_000 }).toBe(200);
    expect(await asked(first.cert, agent)).toEqual({ ...before, reused: true });

    const errors = logged('cannot be used');
    await puts(first.cert, second.key);
    await expect.poll(() => logged('cannot be used'), { timeout: 60_000 }).toBeGreaterThan(errors);
    expect(await asked(second.cert)).toMatchObject({ status: 200 });
    expect(texts.join('')).not.toContain('PRIVATE');
    agent.destroy();
    await puts(second.cert, second.key);
  });
});

describe('a server with a certificate that cannot be used', () => {
  const start = async (cert: string, key: string) => {
    const other = await mkdtemp(join(directory, 'other-'));
    await writeFile(join(other, 'cert.pem'), cert);
    await writeFile(join(other, 'key.pem'), key);
    return tocsin.another(['http'], {
      TOCSIN_TLS_CERT: join(other, 'cert.pem'),
      TOCSIN_TLS_KEY: join(other, 'key.pem'),
    });
  };

  it.each([
    ['not PEM', 'nothing', first.key],
    ['not a key', first.cert, 'nothing'],
    ['a key of another', first.cert, second.key],
  ])('does not start: %s', async (_, cert, key) => {
    await expect(start(cert, key)).rejects.toThrow(
      /^TOCSIN_TLS_CERT and TOCSIN_TLS_KEY: .*cert.pem/,
    );
  });

  it('does not start: a file that is not there', async () => {
    const gone = tocsin.another(['http'], { ...settings, TOCSIN_TLS_KEY: join(directory, 'gone') });
    await expect(gone).rejects.toThrow(/^TOCSIN_TLS_KEY: cannot read .*gone$/);
  });

  it('does not start: one of the two alone', async () => {
    const half = tocsin.another(['http'], { TOCSIN_TLS_KEY: '' });
    await expect(half).rejects.toThrow(/TLS needs both/);
  });
});

describe('a server that the network reaches without TLS', () => {
  const HOST = { HOST: '0.0.0.0', TOCSIN_TLS_CERT: '', TOCSIN_TLS_KEY: '' };
  it.each([
    ['warns', HOST, 1],
    ['does not warn on loopback', { ...HOST, HOST: '127.0.0.1' }, 0],
    ['does not warn behind a proxy', { ...HOST, TOCSIN_TRUSTED_PROXIES: '192.0.2.1/32' }, 0],
    ['does not warn with TLS of its own', { HOST: '0.0.0.0' }, 0],
  ])('%s', async (_, given, warnings) => {
    const before = logged('cross the network unencrypted');
    await (await tocsin.another(['http'], given)).close();
    expect(logged('cross the network unencrypted') - before).toBe(warnings);
  });
});
