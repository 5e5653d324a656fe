import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const PACKAGE = { name: 'sample', version: '1.0.0', engines: { node: '>=99' } };

/** What npm complains of when it installs a package that asks for a Node nobody has. */
async function complaints(directory: string): Promise<string> {
  const args = ['ci', '--offline', '--no-audit', '--cache', join(directory, 'cache')];
  // Without the options of the npm that runs the tests, such as to be silent.
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return (await run('npm', args, { cwd: directory, env: Object.fromEntries(own) })).stderr;
}

it('npm ci does not warn of the Node that it runs on, since Tocsin brings its own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-install-'));
  try {
    const lock = { ...PACKAGE, lockfileVersion: 3, packages: { '': PACKAGE } };
    await writeFile(join(directory, 'package.json'), JSON.stringify(PACKAGE));
    await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
    expect(await complaints(directory)).toContain('EBADENGINE');
    await cp(join(ROOT, '.npmrc'), join(directory, '.npmrc'));
    expect(await complaints(directory)).not.toContain('EBADENGINE');
  } finally {
    await rm(directory, { recursive: true });
  }
});
