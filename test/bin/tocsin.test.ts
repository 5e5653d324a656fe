import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Says what it got, and ends with 7 at SIGTERM, 8 at SIGINT and as told by `exit`. */
const MAIN = `
const [verb, ...rest]: string[] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(7));
process.on('SIGINT', () => process.exit(8));
const flags = process.execArgv;
console.log(JSON.stringify({ node: process.versions.node, verb, rest, flags, pid: process.pid }));
if (verb === 'exit') process.exitCode = Number(rest[0]);
if (verb === 'wait') setInterval(() => {}, 1000);
`;
/** Makes a Node believe that it is an old one. */
const OLD = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });`;

let project: string;
let bin: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'tocsin-bin-'));
  bin = join(project, 'bin', 'tocsin.js');
  await mkdir(join(project, 'src', 'commands'), { recursive: true });
  await mkdir(join(project, 'node_modules'));
  await cp(join(ROOT, 'bin'), join(project, 'bin'), { recursive: true });
  await writeFile(join(project, 'package.json'), await withoutPackages());
  await symlink(join(ROOT, 'node_modules', 'node'), join(project, 'node_modules', 'node'));
  await writeFile(join(project, 'src', 'commands', 'main.ts'), MAIN);
  await writeFile(join(project, 'old.mjs'), OLD);
});
afterAll(() => rm(project, { recursive: true }));

/** What of package.json concerns the command: npm would want to install the rest here. */
async function withoutPackages(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const Kept = z.object({
    name: z.string(),
    version: z.string(),
    type: z.string(),
    bin: z.object({ tocsin: z.string() }),
    scripts: z.object({ tocsin: z.string() }),
  });
  return JSON.stringify(Kept.parse(manifest));
}

function startOld(...args: string[]) {
  // Another program than the pinned one, as an old Node would be.
  return spawn(join(project, 'node-old'), ['--import', join(project, 'old.mjs'), bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('bin/tocsin.js', () => {
  it('runs the commands on the Node at hand where that is new enough', async () => {
    const { stdout } = await run(process.execPath, [bin, 'org', '--name', 'a b']);
    const { node } = process.versions;
    const said = { node, verb: 'org', rest: ['--name', 'a b'], flags: [] };
    expect(JSON.parse(stdout)).toMatchObject(said);
  });

  it('serves with bounded room for young objects, in the same process', async () => {
    const child = spawn(process.execPath, ['--no-deprecation', bin, 'serve', '--roles', 'http']);
    const [data] = await once(child.stdout, 'data');
    expect(JSON.parse(String(data))).toMatchObject({
      verb: 'serve',
      rest: ['--roles', 'http'],
      flags: ['--max-semi-space-size=16', '--no-deprecation'],
      pid: child.pid,
    });
  });

  it('leaves that room as its operator wants it', async () => {
    const child = spawn(process.execPath, [bin, 'serve'], {
      env: { ...process.env, NODE_OPTIONS: '--max-semi-space-size=4' },
    });
    const [data] = await once(child.stdout, 'data');
    expect(JSON.parse(String(data))).toMatchObject({ flags: [] });
  });

  it('runs the commands with the demo where there is one', async () => {
    const demo = join(project, 'demo');
    await mkdir(demo);
    await writeFile(join(demo, 'main.ts'), "console.log('with the demo');");
    const { stdout } = await run(process.execPath, [bin, 'demo']);
    await rm(demo, { recursive: true });
    expect(stdout).toBe('with the demo\n');
    expect(JSON.parse((await run(process.execPath, [bin, 'demo'])).stdout)).toMatchObject({
      verb: 'demo',
    });
  });

  it('is what npx finds in the project, without a network', async () => {
    const { stdout } = await run('npx', ['--offline', 'tocsin', 'org', 'x'], {
      cwd: project,
      env: { ...process.env, npm_config_cache: join(project, 'cache') },
    });
    expect(JSON.parse(stdout)).toMatchObject({ verb: 'org', rest: ['x'] });
  });

  it('is what npm run finds', async () => {
    const args = ['run', '--silent', 'tocsin', '--', 'org', '--json'];
    const { stdout } = await run('npm', args, { cwd: project });
    expect(JSON.parse(stdout)).toMatchObject({ verb: 'org', rest: ['--json'] });
  });
});

describe('bin/tocsin.js on an old Node', () => {
  beforeAll(() => cp(process.execPath, join(project, 'node-old')));

  it('hands over to the pinned one, and ends as that ended', async () => {
    const child = startOld('exit', '3');
    const [[data], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
    expect(JSON.parse(String(data))).toMatchObject({
      node: expect.stringMatching(/^24\./),
      verb: 'exit',
      rest: ['3'],
    });
    expect(code).toBe(3);
  });

  it.each([
    ['SIGTERM', 7],
    ['SIGINT', 8],
  ] as const)('passes %s on', async (signal, code) => {
    const child = startOld('wait');
    await once(child.stdout, 'data');
    const gone = once(child, 'exit');
    child.kill(signal);
    expect(await gone).toEqual([code, null]);
  });

  it('says what to do where the pinned one is not installed', async () => {
    await rm(join(project, 'node_modules', 'node'));
    const child = startOld('org');
    const [[data], [code]] = await Promise.all([once(child.stderr, 'data'), once(child, 'exit')]);
    expect(String(data)).toMatch(/Node 24.*v24.*"npm ci"/s);
    expect(code).toBe(1);
    await symlink(join(ROOT, 'node_modules', 'node'), join(project, 'node_modules', 'node'));
  });
});
