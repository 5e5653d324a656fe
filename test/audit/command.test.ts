import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory } from '../support/cluster.ts';
import { auditGround, type AuditGround } from './ground.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../docs/verify-audit.mjs');
const BIN = join(import.meta.dirname, '../../bin/tocsin.js');

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
  const env = {
    ...process.env,
    DATABASE_URL: ground.url,
    TOCSIN_DATA_DIR: directory,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    LOG_LEVEL: 'error',
  };
  try {
    const { stdout } = await run(process.execPath, [BIN, 'audit', ...args], { env });
    return { code: 0, out: stdout };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, out: failed.stdout + failed.stderr };
  }
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
    expect((await audit('prune', '--before', '2020-01-01')).out).toBe('0 months deleted\n');
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
    expect((await audit('verify', '--against', join(directory, 'none'))).code).toBe(1);
  });
});
