import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { auditSigners, signHead } from '../../src/audit/checkpoint.ts';
import { vkeyOf } from '../../src/audit/note.ts';
import { blindOf, EMPTY_HEAD, joinHead, PartMap } from '../../src/audit/parts.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const SCRIPT = join(import.meta.dirname, '../../docs/verify-audit.mjs');
const run = promisify(execFile);

/** What the script collects. */
interface Collected {
  organisation: number;
  checkpoints: string[];
  consistency: { from: number; to: number; hashes: string[] }[];
  parts: { size: number; count: number; head: string; blind: string; hashes: string[] }[];
  leaves: {
    position: number;
    id: string;
    month: string;
    entry_hash: string;
    entry: string | null;
    inclusion: { size: number; hashes: string[] };
  }[];
}

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let directory: string;
let file: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  directory = await mkdtemp(join(tmpdir(), 'tocsin-audit-'));
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

async function signed(): Promise<string> {
  await chainAll(tocsin.db);
  return (await signHead(tocsin.db, tocsin.keyring)).note;
}

/** Runs the script; its exit code with what it said. */
async function script(args: string[], env = {}): Promise<{ code: number; out: string }> {
  try {
    const { stdout } = await run(process.execPath, [SCRIPT, ...args], { env });
    return { code: 0, out: stdout };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, out: failed.stdout + failed.stderr };
  }
}

const collects = (actor: Actor, to: string) => script([tocsin.url, to], { TOCSIN_KEY: actor.key });

describe('docs/verify-audit.mjs', () => {
  beforeEach(async () => {
    file = join(directory, `${slug()}.json`);
  });

  it('prints its usage and fails without arguments, or with wrong ones', async () => {
    for (const args of [[], ['--help'], ['a', 'b'], ['https://example.org']]) {
      const { code, out } = await script(args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(out).toMatch(/^Usage:/);
    }
  });

  it('exits with 2 where it could not verify, which says nothing about the audit', async () => {
    const broken = join(directory, 'broken.json');
    await writeFile(broken, '{"checkpoints": [');
    const empty = join(directory, 'empty.json');
    await writeFile(empty, '');
    const none = join(directory, 'none.json');
    const wrong = alice.key.replace(/.{4}$/, 'AAAA');
    const tries: readonly (readonly [string, string[], NodeJS.ProcessEnv?])[] = [
      ['ENOENT', [none]],
      ['JSON', [broken]],
      ['is empty', [empty]],
      ['--vkey: expected', [broken, '--vkey', 'tocsin/x+1234+AAAA']],
      ['ENOENT', [broken, '--against', none]],
      ['answered 401. TOCSIN_KEY must be', [tocsin.url, file], { TOCSIN_KEY: wrong }],
      ['Set TOCSIN_KEY', [tocsin.url, file]],
      ['cannot be reached', ['http://127.0.0.1:1', file], { TOCSIN_KEY: alice.key }],
    ];
    for (const [reason, args, env] of tries) {
      const { code, out } = await script(args, env);
      expect([args, code, out]).toEqual([args, 2, expect.stringContaining(reason)]);
      expect(out).toMatch(/^COULD NOT VERIFY: /);
    }
  });

  it('collects what is new about a member, and verifies the file without the server', async () => {
    await alice.shares(indicator());
    const older = await signed();
    expect(await collects(alice, file)).toMatchObject({ code: 0 });
    await alice.shares(indicator());
    await bob.shares(indicator());
    const newer = await signed();
    const { code, out } = await collects(alice, file);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^intact: \d+ leaves, /),
    });
    expect(await collects(alice, file)).toMatchObject({ code: 0 });
    const notes = await Promise.all(
      [older, newer].map(async (note, i) => {
        const path = join(directory, `${i}.note`);
        await writeFile(path, note);
        return ['--against', path];
      }),
    );
    const [vkey = ''] = (await auditSigners(tocsin.db, tocsin.keyring)).map(vkeyOf);
    const offline = await script([file, '--vkey', vkey, ...notes.flat()]);
    expect(offline).toEqual({ code: 0, out });
    const collected = JSON.parse(await readFile(file, 'utf8')) as Collected;
    expect(collected.checkpoints).toHaveLength(2);
    const other = vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+');
    expect((await script([file, '--vkey', other])).out).toContain('not signed by a trusted key');
  });

  it('detects whatever is altered, withheld or reordered in a part', async () => {
    await alice.shares(indicator());
    await signed();
    await collects(alice, file);
    await alice.shares(indicator());
    await signed();
    await collects(alice, file);
    const text = await readFile(file, 'utf8');
    const first = (c: Collected) => c.leaves[0] ?? expect.unreachable();
    const attacks: Record<string, (collected: Collected) => void> = {
      'an entry altered': (c) => (first(c).entry = first(c).entry?.replace('{', '{ ') ?? ''),
      'an entry withheld': (c) => (first(c).entry = null),
      'a leaf withheld': (c) => c.leaves.shift(),
      'the last leaf withheld': (c) => c.leaves.pop(),
      'leaves reordered': (c) => (c.leaves = c.leaves.toReversed()),
      'a leaf repeated': (c) => c.leaves.unshift(first(c)),
      'a leaf re-dated': (c) => (first(c).month = '2020-01'),
      'a number altered': (c) => (first(c).id += '0'),
      'an entry hash altered': (c) =>
        (first(c).entry_hash = first(c).entry_hash.replace(/^../, 'ab')),
      'a position altered': (c) => (first(c).position -= 1),
      'an inclusion proof altered': (c) => first(c).inclusion.hashes.pop(),
      'another organisation': (c) => (c.organisation += 1),
      'a part withheld': (c) => c.parts.shift(),
      'a count altered': (c) => ((c.parts[0] ?? expect.unreachable()).count -= 1),
      'a blind altered': (c) => ((c.parts[0] ?? expect.unreachable()).blind = 'AAAA'),
      'a consistency proof withheld': (c) => c.consistency.pop(),
      'checkpoints reordered': (c) => (c.checkpoints = c.checkpoints.toReversed()),
      'a checkpoint altered': (c) =>
        (c.checkpoints[0] = c.checkpoints[0]?.replace('signed 20', 'signed 21') ?? ''),
    };
    const undetected: string[] = [];
    for (const [name, alter] of Object.entries(attacks)) {
      const collected = JSON.parse(text) as Collected;
      alter(collected);
      const altered = join(directory, 'altered.json');
      await writeFile(altered, JSON.stringify(collected));
      const { code, out } = await script([altered]);
      if (code !== 1 || !out.startsWith('NOT INTACT')) undetected.push(`${name}: ${out}`);
    }
    expect(undetected).toEqual([]);
  });
});

describe('the part of an organisation', () => {
  it('is given to its org_admin alone, under checkpoints alone', async () => {
    await signed();
    const { body } = await alice
      .sends('get', '/audit/checkpoint')
      .set('accept', 'application/json');
    const size = Number((body as { checkpoint: string }).checkpoint.split('\n')[1]);
    const part = async (actor: Actor, at = size) =>
      actor.sends('get', '/audit/part').query({ size: at, limit: 1000 });
    const [own, foreign] = [await part(alice), await part(bob)];
    expect([own.status, foreign.status]).toEqual([200, 200]);
    const positions = ({ body: answer }: typeof own) =>
      (answer as Collected).leaves.map(({ position }) => position);
    expect(positions(own).some((position) => positions(foreign).includes(position))).toBe(false);
    const listed = await alice.sends('get', '/audit').query({ limit: 1000 });
    const entries = (listed.body as { entries: { position: number }[] }).entries;
    expect(positions(own)).toEqual(entries.map(({ position }) => position));
    expect((await part(alice, size + 1)).status).toBe(400);
    expect((await part(await alice.as('analyst'))).status).toBe(403);
  });

  it('reveals neither how many organisations there are nor which of them acted', () => {
    const part = { organisationId: 5, count: 3, head: joinHead(EMPTY_HEAD, Buffer.alloc(32)) };
    const salt = (fill: number): Buffer => Buffer.alloc(32, fill);
    const many = Array.from({ length: 60 }, (_, i) => ({ ...part, organisationId: i + 1 }));
    const [few, more, later] = [
      new PartMap([part], salt(1)),
      new PartMap(many, salt(1)),
      new PartMap([part], salt(2)),
    ];
    expect(few.prove(5)).toHaveLength(more.prove(5)?.length ?? 0);
    const known = new Set(few.prove(5)?.map((hash) => hash.toString('hex')));
    const repeated = later.prove(5)?.filter((hash) => known.has(hash.toString('hex')));
    expect(repeated).toEqual([]);
    expect(blindOf(salt(1), 5)).not.toEqual(blindOf(salt(1), 6));
    expect(few.root()).not.toEqual(more.root());
    expect(() => new PartMap([{ ...part, organisationId: 2 ** 20 }], salt(1))).toThrow(RangeError);
  });
});
