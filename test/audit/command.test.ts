import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { auditGround, type AuditGround } from './ground.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../docs/verify-audit.mjs');
const MAIN = join(import.meta.dirname, '../../src/commands/main.ts');

let ground: AuditGround;
let directory: string;
beforeAll(async () => {
  ground = await auditGround();
  directory = await testDirectory();
  await writeFile(join(directory, 'secret'), randomBytes(32).toString('hex'));
  await ground.acts(4);
});
afterAll(async () => {
  await ground.close();
  await rm(directory, { recursive: true });
});

/** Runs `tocsin audit …`; the exit code with what it said. */
async function audit(...args: string[]): Promise<{ code: number; out: string }> {
  const settings = {
    DATABASE_URL: ground.url,
    TOCSIN_DATA_DIR: directory,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    LOG_LEVEL: 'error',
  };
  const { code, out, err } = await runCommand(['audit', ...args], settings);
  return { code, out: out + err };
}

describe('tocsin audit', () => {
  it('signs, prints the key, verifies, and names what is wrong with exit 1', async () => {
    const note = (await audit('checkpoint')).out;
    expect(note).toMatch(
      /^tocsin\/[0-9a-f-]{36}\n\d+\n[A-Za-z0-9+/]{43}=\nparts 64 [^\n]{44}\nsigned [^\n]{27}\nprevious -1\n\n\u2014 tocsin\//,
    );
    expect((await audit('checkpoint', '--vkey')).out).toMatch(
      /^tocsin\/[0-9a-f-]{36}\+[0-9a-f]{8}\+/,
    );
    const kept = join(directory, 'kept.note');
    await writeFile(kept, note);
    expect((await audit('prune', '--before', '2020-01-01')).out).toBe('Deleted 0 months\n');
    const whole = await audit('verify', '--json', '--against', kept);
    expect(whole.code).toBe(0);
    expect(JSON.parse(whole.out)).toMatchObject({ ok: true, unsigned: 0 });
    const exported = join(directory, 'audit.ndjson');
    await writeFile(exported, (await audit('export')).out);
    const vkey = (await audit('checkpoint', '--vkey')).out.trim();
    const offline = [SCRIPT, exported, '--vkey', vkey, '--against', kept];
    expect((await run(process.execPath, offline)).stdout).toMatch(/^intact: \d+ leaves/);
    await ground.tampers(`update audit set actor = 'somebody' where action = 'act 2'`);
    const broken = await audit('verify');
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/^NOT INTACT: altered at position 1, row 2\.\n/);
    // The counts are of what was verified before the fault.
    expect(broken.out).toMatch(/^leaves +1 \(1 with their rows, 0 pruned\)$/m);
    const json = await audit('verify', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      fault: { kind: 'altered', position: 1, auditId: '2' },
    });
    await writeFile(kept, note.replace('\u2014', '-'));
    expect((await audit('verify', '--against', kept)).out).toContain(
      'forged checkpoint, given with --against',
    );
  });

  it('exits with 2 where it could not verify, which says nothing about the audit', async () => {
    for (const args of [
      ['--against', join(directory, 'none')],
      ['--vkey', 'tocsin/x+1234+AAAA'],
    ]) {
      const { code, out } = await audit('verify', ...args);
      expect([args, code]).toEqual([args, 2]);
      expect(out).toMatch(/^tocsin: could not verify the audit: /);
    }
    const settings = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' };
    const secret = { TOCSIN_SECRET_FILE: join(directory, 'secret') };
    const ran = await runCommand(['audit', 'verify'], { ...settings, ...secret });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('ECONNREFUSED')]);
    const misused = run(process.execPath, [MAIN, 'audit', 'verify', '--unknown']);
    await expect(misused).rejects.toMatchObject({ code: 2 });
  });
});
