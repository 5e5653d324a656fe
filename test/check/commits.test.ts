import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../../scripts/check-commits.ts';

const root = join(import.meta.dirname, '../..');

describe('a commit message', () => {
  it.each([
    'http: Reject a body for an unknown path unread',
    'http/rest: Pass the reason on\n\nClients could not see why.\n',
    'deps: Update undici',
    'stix, http: Process each object once',
    'Merge branch "main" into docs',
    'fixup! http: Reject a body for an unknown path unread',
  ])('may be: %s', (message) => {
    expect(faultsOf(message)).toEqual([]);
  });

  it.each([
    ['Fixed things', 'not of the form'],
    ['nowhere: Reject a body', 'area is not a folder: nowhere'],
    ['http: reject a body', 'capital letter'],
    ['http: Rejects a body', 'imperative: Rejects'],
    ['http: Rejected a body', 'imperative: Rejected'],
    ['http: Rejecting a body', 'imperative: Rejecting'],
    ['http: Reject a body.', 'full stop'],
    [`http: Reject ${'a'.repeat(100)}`, 'at most 100'],
    ['http: Reject a body\nat once', 'not empty'],
    ['http: Read a body anew', 'anew'],
    ['http: Reject a body\n\nMend the limit.', 'fix'],
  ])('may not be: %s', (message, fault) => {
    expect(faultsOf(message).join()).toContain(fault);
  });
});

describe('the hook', () => {
  let clone: string;
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'tocsin-hook-'));
    for (const path of [
      '.githooks/commit-msg',
      'scripts/install-hooks.ts',
      'scripts/check-commits.ts',
      'scripts/prose-rules.ts',
      'package.json',
    ]) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      cpSync(join(root, path), join(clone, path));
    }
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  });
  afterAll(() => {
    rmSync(clone, { recursive: true, force: true });
  });

  /** Runs a program in the clone, without what the git or npm that runs the tests has set. */
  function run(program: string, args: string[], env: Record<string, string> = {}) {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(?:git|npm|node_env)/i.test(name),
    );
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const home = { HOME: clone, GIT_CONFIG_NOSYSTEM: '1', PATH: path };
    return spawnSync(program, args, {
      cwd: clone,
      encoding: 'utf8',
      env: { ...Object.fromEntries(own), ...home, ...env },
    });
  }
  const install = (env = {}) => run(process.execPath, ['scripts/install-hooks.ts'], env);
  const hooksPath = () => run('git', ['config', 'core.hooksPath']).stdout.trim();
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.org'];
  const commit = (message: string) =>
    run('git', [...identity, 'commit', '--allow-empty', '-qm', message]);

  it('is not installed where there is no git work tree', () => {
    expect(install().status).toBe(0);
    run('git', ['init', '-q']);
    expect(hooksPath()).toBe('');
  });

  it.each([{ NODE_ENV: 'production' }, { npm_config_omit: 'dev' }])(
    'is not installed for production: %o',
    (env) => {
      expect(install(env).status).toBe(0);
      expect(hooksPath()).toBe('');
    },
  );

  it('is not installed over hooks that somebody configured', () => {
    run('git', ['config', 'core.hooksPath', 'mine']);
    install();
    expect(hooksPath()).toBe('mine');
    run('git', ['config', '--unset', 'core.hooksPath']);
  });

  it('rejects a message that does not follow the rule, once it is installed', () => {
    expect(commit('Fixed things').status).toBe(0);
    expect(install().status).toBe(0);
    expect(hooksPath()).toBe('.githooks');
    const rejected = commit('Fixed more things');
    expect(rejected.status).not.toBe(0);
    expect(rejected.stderr).toContain('not of the form');
    expect(commit('scripts: Fix more things').status).toBe(0);
  });

  it('has its counterpart in CI, which says where there is no history to check', () => {
    const step = run(process.execPath, ['scripts/check-commits.ts']);
    expect(step.stdout).toContain('Not checked');
    expect(step.status).toBe(0);
  });

  it('and its counterpart rejects commits that were made without it', () => {
    const first = run('git', ['rev-list', '--max-parents=0', 'HEAD']).stdout.trim();
    expect(commit('scripts: Fix the rest').status).toBe(0);
    const clean = run(process.execPath, ['scripts/check-commits.ts', '--since', first]);
    expect(clean.stderr).toBe('');
    run('git', [...identity, 'commit', '--no-verify', '--allow-empty', '-qm', 'Fixed it']);
    const step = run(process.execPath, ['scripts/check-commits.ts', '--since', first]);
    expect(step.stderr).toMatch(/Fixed it\n {2}The subject is not of the form/);
    expect(step.status).toBe(1);
  });
});
