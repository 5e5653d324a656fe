import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/store/embedded/postmaster.ts';

const TOCSIN = fileURLToPath(new URL('../../bin/tocsin.js', import.meta.url));
/** On a machine that does much else besides; the demo itself gives up after 60 s. */
const TIMEOUT_MS = 100_000;

/** Settings of a Tocsin that the demo must leave alone, and could not start with. */
const FOREIGN = {
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
  TOCSIN_DATA_DIR: '/nonexistent/data',
  TOCSIN_LEASE_SECONDS: 'soon',
  TOCSIN_PUBLIC_URL: 'https://tocsin.example.com',
  PORT: '1',
};

let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'tocsin-demo-test-'));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

interface Demo {
  readonly process: ChildProcess;
  /** Everything it has written so far. */
  said(): string;
  /** Waits until it says this; fails when it ends before. */
  says(text: RegExp): Promise<void>;
  /** How it ended, after all its children have: they hold its standard error. */
  readonly ended: Promise<{ code: number | null }>;
}

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [TOCSIN, 'demo', ...args], {
    env: { ...process.env, ...FOREIGN, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let isOver = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      child.emit('said');
    });
  }
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    isOver = true;
    child.emit('said');
    return { code: code ?? null };
  });
  const says = async (text: RegExp): Promise<void> => {
    while (!text.test(said)) {
      if (isOver) throw new Error(`The demo ended without saying ${text}:\n${said}`);
      await once(child, 'said');
    }
  };
  return { process: child, said: () => said, says, ended };
}

/** The processes that the demo named: the server and the receivers. */
function pidsOf(demo: Demo): number[] {
  return [...demo.said().matchAll(/process (\d+)/g)].map((match) => Number(match[1]));
}

async function expectNothingLeft(demo: Demo): Promise<void> {
  expect(await Promise.all(pidsOf(demo).map(isRunning))).not.toContain(true);
  expect(await readdir(temporary)).toEqual([]);
}

describe('tocsin demo', () => {
  it(
    'leaves with 0 after everybody got exactly what is theirs',
    async () => {
      const demo = startDemo('--once');
      const { code } = await demo.ended;
      const said = demo.said();
      expect(said).toMatch(
        /cert-borealis +2,000 by webhook, verified: p50 \d+, p99 \d+, last \d+ ms/,
      );
      expect(said).toMatch(/cert-cascadia +1,400 pulled in \d+ ms/);
      expect(said).toMatch(/meridian-energy +nothing, rightly: it is not in allies/);
      expect(said).toMatch(/meridian-energy +a forged POST was rejected/);
      expect(said).toMatch(/cert-borealis +webhook +2,027 +2,027 +302 /);
      expect(said).toMatch(/^Verified: every organisation received exactly its own objects/m);
      expect(said).not.toContain('\x1b');
      expect(pidsOf(demo)).toHaveLength(3);
      expect(code).toBe(0);
      await expectNothingLeft(demo);
    },
    TIMEOUT_MS,
  );

  it(
    'stays up until it is interrupted, shows what arrives meanwhile, and takes all away',
    async () => {
      const demo = startDemo();
      await demo.says(/\/docs\n/);
      const [, address = '', key = '', body = ''] =
        /^curl -s '([^']+)' \\\n +-H 'Authorization: Bearer (\S+)' \\\n.*-d '([^']+)'$/m.exec(
          demo.said(),
        ) ?? [];
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await fetch(address, { method: 'POST', headers, body });
      expect(response.status).toBe(201);
      await demo.says(/cert-borealis +\S+ got 1 object by webhook, signature verified/);
      demo.process.kill('SIGINT');
      expect(await demo.ended).toEqual({ code: 0 });
      await expectNothingLeft(demo);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves nothing behind when it is killed, or when nobody reads it any more',
    async () => {
      const killed = startDemo();
      await killed.says(/cert-borealis +.*process \d+/);
      killed.process.kill('SIGKILL');
      await killed.ended;
      await expectNothingLeft(killed);
      const unread = startDemo('--once');
      await unread.says(/Tocsin +http/);
      unread.process.stdout?.destroy();
      expect(await unread.ended).toEqual({ code: 141 });
      await expectNothingLeft(unread);
    },
    TIMEOUT_MS,
  );
});
