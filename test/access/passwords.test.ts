import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/errors.ts';
import { accountFrom, createAttempts } from '../../src/access/attempts.ts';
import { checkPassword, hashPassword } from '../../src/access/passwords.ts';
import { pruneTries } from '../../src/store/access/sign-in-tries.ts';
import { anActor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

describe('a password', () => {
  it('is kept as Argon2id in the PHC string form, salted', async () => {
    const [first, second] = [
      await hashPassword('the same text'),
      await hashPassword('the same text'),
    ];
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await checkPassword('the same text', first)).toEqual({ matches: true, outdated: false });
    expect((await checkPassword('the same texT', first)).matches).toBe(false);
  });

  it('is the same however a keyboard composes it', async () => {
    const kept = await hashPassword('caf\u00e9 cr\u00e8me 12');
    expect((await checkPassword('cafe\u0301 cre\u0300me 12', kept)).matches).toBe(true);
  });

  it('that was kept with other parameters is read by those', async () => {
    const { argon2Sync } = await import('node:crypto');
    const salt = Buffer.from('somesaltsomesalt');
    const parameters = { memory: 4096, passes: 3, parallelism: 1, tagLength: 32 };
    const tag = argon2Sync('argon2id', { message: 'the same text', nonce: salt, ...parameters });
    const [salted, tagged] = [salt, tag].map((bytes) =>
      bytes.toString('base64').replaceAll('=', ''),
    );
    const kept = `$argon2id$v=19$m=4096,t=3,p=1$${salted}$${tagged}`;
    expect(await checkPassword('the same text', kept)).toEqual({ matches: true, outdated: true });
  });

  it('of nobody matches nothing, and costs what another does', async () => {
    const kept = await hashPassword('the same text');
    const time = async (of: string | null): Promise<number> => {
      const began = performance.now();
      for (let i = 0; i < 10; i++) expect((await checkPassword('wrong', of)).matches).toBe(false);
      return performance.now() - began;
    };
    await time(kept);
    const [some, none] = [await time(kept), await time(null)];
    // A missing hash would take next to no time at all.
    expect(none / some).toBeGreaterThan(0.2);
  });
});

describe('signing in', () => {
  let tocsin: Tocsin;
  beforeAll(async () => {
    tocsin = await startTocsin();
  });
  afterAll(() => tocsin.close());

  it('hashes again what was kept with parameters of another day', async () => {
    const person = await aPerson(tocsin, await anActor(tocsin));
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.alloc(16, 1);
    const parameters = { memory: 4096, passes: 1, parallelism: 1, tagLength: 32 };
    const tag = argon2Sync('argon2id', { message: person.password, nonce, ...parameters });
    const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replaceAll('=', ''));
    await tocsin.sql(`update user_account set password_hash = $1 where id = $2`, [
      `$argon2id$v=19$m=4096,t=1,p=1$${salt}$${hash}`,
      person.id,
    ]);
    await person.triesToSignIn().expect(201);
    const [row] = await tocsin.sql<{ kept: string }>(
      `select password_hash as kept from user_account where id = $1`,
      [person.id],
    );
    expect(row?.kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await person.triesToSignIn().expect(201);
  });
});

describe('tries', () => {
  let tocsin: Tocsin;
  beforeAll(async () => {
    tocsin = await startTocsin();
  });
  afterAll(() => tocsin.close());
  const attemptsOf = (free: number, kind = 'password') => createAttempts(tocsin, { kind, free });

  it('wait longer each time, and are forgotten after an hour', async () => {
    const attempts = attemptsOf(3);
    await attempts.begin('who');
    await attempts.begin('who');
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      await attempts.begin('who');
      const refusal: unknown = await attempts.begin('who').catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'too_many_attempts' });
      const seconds = Number((refusal as Problem).extra['retry_after']);
      waits.push(seconds);
      tocsin.clock.advance(seconds * 1000);
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900]);
    await attempts.begin('another');
    tocsin.clock.advance(3_600_000);
    await attempts.begin('who');
    await attempts.begin('who');
  });

  it('are forgotten at once by success, those of another kind apart', async () => {
    const [attempts, other] = [attemptsOf(2), attemptsOf(3, 'code')];
    for (let i = 0; i < 5; i++) {
      await attempts.begin('whoever');
      await attempts.begin('whoever');
      await expect(attempts.begin('whoever')).rejects.toMatchObject({ code: 'too_many_attempts' });
      await attempts.succeed('whoever');
    }
    for (let i = 0; i < 3; i++) await other.begin('whoever');
    await attempts.begin('whoever');
    await expect(other.begin('whoever')).rejects.toMatchObject({ code: 'too_many_attempts' });
  });

  it('are counted together in all processes, also many at once', async () => {
    const processes = [attemptsOf(5), attemptsOf(5), attemptsOf(5)];
    const tries = Array.from({ length: 10 }, () => processes.map((one) => one.begin('together')));
    const outcomes = await Promise.allSettled(tries.flat());
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('are deleted when they count no more, and no earlier', async () => {
    const attempts = attemptsOf(1);
    await attempts.begin('old');
    tocsin.clock.advance(3_590_000);
    await attempts.begin('old');
    tocsin.clock.advance(20_000);
    await attempts.begin('young');
    const kept = async () => (await tocsin.sql(`select 1 from sign_in_tries`)).length;
    await pruneTries(tocsin.db, tocsin.clock.now());
    // The wait of the old one lasts beyond its hour.
    expect(await kept()).toBe(2);
    tocsin.clock.advance(15 * 60_000);
    await pruneTries(tocsin.db, tocsin.clock.now());
    expect(await kept()).toBe(1);
  });

  it.each([
    ['192.0.2.1', '192.0.2.254', true],
    ['192.0.2.1', '::ffff:192.0.2.9', true],
    ['192.0.2.1', '192.0.3.1', false],
    ['2001:db8::1', '2001:db8:0:0:ffff::1', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
  ])('from %s and %s are one network: %s', (a, b, same) => {
    expect(accountFrom('x', a) === accountFrom('x', b)).toBe(same);
    expect(accountFrom('x', a)).not.toBe(accountFrom('y', a));
  });
});
