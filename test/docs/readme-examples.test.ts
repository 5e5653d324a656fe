/** Runs the examples of the README and of docs/siem.md as they are: in this order, in one folder, on one server. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentWith } from '../../src/config.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { indicator } from '../support/builders.ts';
import { ROOT, startServerProcess, type ServerProcess } from '../support/server-process.ts';

const TIMEOUT_MS = 240_000;
const run = promisify(execFile);
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const receiving = readFileSync(join(ROOT, 'docs/siem.md'), 'utf8');

let root: string;
let folder: string;
let server: ServerProcess;
/** The keys that the commands print: of cert-a and cert-b. */
let keys: string[] = [];

beforeAll(async () => {
  root = await testDirectory();
  folder = join(root, 'folder');
  await mkdir(folder);
  server = await startServerProcess({
    TOCSIN_DATA_DIR: join(root, 'data'),
    TOCSIN_EGRESS_ALLOW: '127.0.0.0/8',
  });
}, TIMEOUT_MS);
afterAll(async () => {
  await server.stop();
  await removeTestDirectory(root);
});

/** The examples in a language below a heading, in order. */
function examples(heading: string, language: string, page = readme): string[] {
  const [, after = ''] = page.split(`# ${heading}\n`);
  const section = after.split(/\n#{2,3} /)[0] ?? '';
  const fence = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g');
  return [...section.matchAll(fence)].map(([, text = '']) => text);
}

/** The example with the address of the server, and with what its reader puts in. */
function filled(text: string, inserted: Record<string, string>): string {
  let result = text.replaceAll('http://127.0.0.1:8080', server.url);
  for (const [place, value] of Object.entries(inserted)) {
    result = result.replaceAll(place, value);
  }
  return result;
}

/** Runs it in a shell that stops at the first command that fails; what it wrote. */
async function shell(script: string, directory = folder, env = {}): Promise<string> {
  const options = {
    cwd: directory,
    env: environmentWith({ TOCSIN_DATA_DIR: join(root, 'data'), ...env }),
  };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], options);
  return stdout;
}

const environment = (key = '') => ({ TOCSIN: server.url, KEY: key });

describe('the examples of the README', () => {
  it(
    'create organisations and keys',
    async () => {
      const [commands = ''] = examples('Start a server', 'sh');
      const [start, ...lines] = commands.trim().split('\n');
      expect(start).toMatch(/^npm start /);
      expect(lines.length).toBeGreaterThan(3);
      const written = await shell(lines.join('\n'), ROOT);
      keys = [...written.matchAll(/tocsin_\w+/g)].map(([key]) => key);
      expect(keys).toHaveLength(2);
    },
    TIMEOUT_MS,
  );

  it('post a bundle, and the same again in Python', async () => {
    const [post = '', act] = examples('CERT engineers: share indicators', 'sh');
    const answer = JSON.parse(await shell(filled(post, { 'tocsin_…': keys[0] ?? '' })));
    expect(answer.summary).toMatchObject({ created: 1, rejected: 0 });
    const [python = ''] = examples('CERT engineers: share indicators', 'python');
    expect(readme).toContain('as `post.py`; run it with `python3 post.py`:');
    await writeFile(join(folder, 'post.py'), python);
    expect(await shell('python3 post.py', folder, environment(keys[0]))).toMatch(/'unchanged': 1/);
    expect(act).toContain('/revoke');
  });

  it(
    'subscribe, and receive what was shared at a receiver on this machine',
    async () => {
      const port = String(await freePort());
      const [code = ''] = examples('A receiver in five minutes', 'js', receiving);
      await writeFile(join(folder, 'receiver.mjs'), code.replace('9000', port));
      const [subscribe = '', start = ''] = examples('A receiver in five minutes', 'sh', receiving);
      const inserted = { 'tocsin_…': keys[1] ?? '', ':9000/': `:${port}/` };
      const { secret } = JSON.parse(await shell(filled(subscribe, inserted)));
      expect(secret).toMatch(/^whsec_/);
      expect(start.trim()).toBe('SECRET=whsec_… node receiver.mjs');
      const line = `exec env ${start.trim().replace('whsec_…', String(secret))}`;
      expect(await firstLineOf(line)).toMatch(/^1 \[\]/);
    },
    TIMEOUT_MS,
  );

  it('read the changes, and the stream', async () => {
    const [changes = '', stream = ''] = examples('Analysts: read indicators', 'sh');
    const page = JSON.parse(await shell(changes, folder, environment(keys[1])));
    expect(page).toMatchObject({ objects: [{ type: 'indicator' }], more: false });
    const object = indicator();
    const line = firstLineOf(`exec ${stream}`, environment(keys[1]), object.id);
    // Posts newer versions until the stream, which starts now, has shown one.
    let seen = false;
    void line.finally(() => (seen = true)).catch(() => undefined);
    for (let version = 0; !seen; version += 1) await postNewer(object, version);
    expect(await line).toContain(object.id);
  });

  it('change the audience, list what is shared, and revoke it', async () => {
    const [, act = ''] = examples('CERT engineers: share indicators', 'sh');
    const written = await shell(act, folder, environment(keys[0]));
    const [shares, share, revoked, bulk] = written
      .replaceAll('}{', '}\n{')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(shares.shares).toContainEqual(expect.objectContaining({ id: share.id }));
    const named = (rows: { organisation: string }[]) => rows.map((row) => row.organisation);
    expect(named(share.shares[0].sees).toSorted()).toEqual(['cert-a', 'cert-b']);
    expect(revoked.outcome).toBe('updated');
    expect(bulk.results[0]).toMatchObject({ outcome: 'unchanged' });
  });
});

it(
  'the commands of the README for administrators succeed',
  async () => {
    const [commands = ''] = examples('Administrators: manage members', 'sh');
    const written = await shell(commands, ROOT);
    expect(written).toMatch(/\/#\/invitation\/\S/);
    expect(written).toContain('The audit is intact');
    expect(written).toMatch(
      /"slug":"cert-b".*"status":"suspended"[^]*"slug":"cert-b".*"status":"active"/,
    );
  },
  TIMEOUT_MS,
);

/** The first line that a program writes, or the first with a text in it; then it is ended. */
async function firstLineOf(script: string, env = {}, wanted = ''): Promise<string> {
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: environmentWith(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  try {
    for await (const chunk of child.stdout) {
      written += String(chunk);
      const line = written
        .split('\n')
        .slice(0, -1)
        .find((text) => text.includes(wanted));
      if (line !== undefined) return line;
    }
  } finally {
    child.kill('SIGTERM');
  }
  throw new Error(`It ended without "${wanted}": ${written}`);
}

async function postNewer(object: ReturnType<typeof indicator>, version: number): Promise<void> {
  const modified = new Date(Date.parse(String(object['modified'])) + version).toISOString();
  const response = await fetch(`${server.url}/api/v1/bundles`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys[0]}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'bundle', objects: [{ ...object, modified }] }),
  });
  expect(response.status).toBe(200);
}

/** For a receiver, whose port the example fixes. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
