import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findAddress, storeAddress } from '../../src/commands/address.ts';
import { announce } from '../../src/commands/announce.ts';
import { readConfig } from '../../src/config.ts';
import { lineForPeople } from '../../src/log-lines.ts';
import { inertText } from '../../src/telemetry.ts';
import { VERSION } from '../../src/version.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';

let directory: string;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await removeTestDirectory(directory);
});

const SERVER = {
  url: 'https://127.0.0.1:8443',
  metricsUrl: undefined,
  close: () => Promise.resolve(),
};

/** What a server of these settings says. */
function says(settings: Record<string, string>, isTerminal: boolean, role: 'http' | 'worker') {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const config = readConfig({ TOCSIN_DATA_DIR: directory, ...settings });
  announce(config, SERVER, [role], isTerminal);
  const said = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  return said;
}

describe('the start of a server', () => {
  it('tells a person the address, the admin key and what to do next', async () => {
    await writeFile(join(directory, 'admin.key'), 'x');
    const said = says({}, true, 'http');
    expect(said).toContain(`Tocsin ${VERSION} is running at https://127.0.0.1:8443\n`);
    expect(said).toContain('https://127.0.0.1:8443/docs\n');
    expect(said).toContain(`in ${directory}/admin.key: store it safely`);
    expect(said).toMatch(/npm run -s tocsin -- org create .*key create --org/s);
    expect(said).not.toContain('{');
  });

  it('does not send a person to what is not there', () => {
    const said = says({}, true, 'worker');
    expect(said).not.toMatch(/admin\.key|\/docs|org create/);
    expect(said).toContain('only delivers webhooks');
  });

  it('is one JSON line elsewhere', () => {
    const said = says({ TOCSIN_PUBLIC_URL: 'https://tocsin.example.org' }, false, 'http');
    expect(said.endsWith('}\n')).toBe(true);
    expect(JSON.parse(said)).toMatchObject({
      level: 'info',
      url: 'https://tocsin.example.org',
      version: VERSION,
      roles: ['http'],
      msg: `Tocsin listens on https://tocsin.example.org (version ${VERSION})`,
    });
  });
});

describe('the address that commands print in links', () => {
  it('is the public URL, else where the server listens, else that of the settings', async () => {
    const config = (settings = {}) => readConfig({ TOCSIN_DATA_DIR: directory, ...settings });
    const tls = { TOCSIN_TLS_CERT: 'cert.pem', TOCSIN_TLS_KEY: 'key.pem' };
    expect(await findAddress(config({ PORT: '81' }))).toBe('http://127.0.0.1:81');
    expect(await findAddress(config({ PORT: '81', ...tls }))).toBe('https://127.0.0.1:81');
    await storeAddress(config(), SERVER.url);
    expect(await findAddress(config({ PORT: '81' }))).toBe(SERVER.url);
    const TOCSIN_PUBLIC_URL = 'https://tocsin.example.org';
    expect(await findAddress(config({ TOCSIN_PUBLIC_URL }))).toBe(TOCSIN_PUBLIC_URL);
    await storeAddress(config({ TOCSIN_PUBLIC_URL }), SERVER.url);
    expect(await findAddress(config())).toBe(TOCSIN_PUBLIC_URL);
    expect(await readFile(join(directory, 'serve.json'), 'utf8')).toContain(TOCSIN_PUBLIC_URL);
    await writeFile(join(directory, 'serve.json'), '{"url": 1');
    expect(await findAddress(config({ PORT: '81' }))).toBe('http://127.0.0.1:81');
  });
});

describe('a line of the log on a terminal', () => {
  const entry = { level: 'warn', time: '2026-11-02T08:15:00.000Z', msg: 'a thing', port: 81 };

  it('is text, with the stack of an error below it', () => {
    const err = { message: 'broken', stack: 'Error: broken\n    at line 1' };
    expect(lineForPeople(JSON.stringify({ ...entry, err }), inertText)).toContain(
      '08:15:00 warn  a thing  port=81\nError: broken\n    at line 1',
    );
  });

  it('does nothing to the terminal with what members chose', () => {
    const said = lineForPeople(JSON.stringify({ ...entry, name: '\u009b31m\u001b[2J' }), inertText);
    expect(said).toContain('name=\\u009b31m\\u001b[2J');
  });
});
