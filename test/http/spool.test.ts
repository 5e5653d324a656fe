import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSpools } from '../../src/http/bundles/spool.ts';

const MIB = 1024 * 1024;

let spoolDirectory: string;

beforeEach(async () => {
  spoolDirectory = await mkdtemp(join(tmpdir(), 'tocsin-spool-test-'));
});
afterEach(() => rm(spoolDirectory, { recursive: true }));

/** More than is kept in memory. */
const large = (letter: string) => letter.repeat(1.5 * MIB);

it('gives back what was written, in order, and then the room', async () => {
  const spools = createSpools({ spoolDirectory, spoolBytesMax: 8 * MIB });
  const spool = spools.open(1);
  for (const part of [large('a'), large('b'), 'end']) await spool.write(part);
  expect(spools.bytes()).toBe(3 * MIB);
  expect(await text(spool.read())).toBe(`${large('a')}${large('b')}end`);
  expect(spools.bytes()).toBe(0);
});

it('leaves no name in its directory, whatever becomes of the process', async () => {
  const spool = createSpools({ spoolDirectory, spoolBytesMax: 8 * MIB }).open(1);
  await spool.write(large('a'));
  expect(await readdir(spoolDirectory)).toEqual([]);
  await spool.discard();
});

it('has a limit for one request, and another for all', async () => {
  const spools = createSpools({ spoolDirectory, spoolBytesMax: 8 * MIB });
  const [one, other] = [spools.open(1), spools.open(2)];
  const [third, fourth] = [spools.open(3), spools.open(4)];
  for (const part of [large('a'), large('b')]) await one.write(part);
  await expect(one.write(large('c'))).rejects.toMatchObject({
    code: 'bundle_too_large',
    extra: { limit_bytes: 4 * MIB },
  });
  await other.write(large('d'));
  await third.write(large('e'));
  // There is room, but as much as it wants has to be left to others.
  await expect(fourth.write(large('f'))).rejects.toMatchObject({ code: 'server_busy' });
  await one.discard();
  await fourth.write(large('f'));
  await Promise.all([other.discard(), third.discard(), fourth.discard()]);
  expect(spools.bytes()).toBe(0);
});

it('gives back the room of an answer that nobody reads to its end', async () => {
  const spools = createSpools({ spoolDirectory, spoolBytesMax: 8 * MIB });
  const spool = spools.open(1);
  await spool.write(large('a'));
  for await (const _part of spool.read()) break;
  expect(spools.bytes()).toBe(0);
});

it('has a limit for one organisation, however many requests it makes', async () => {
  const spools = createSpools({ spoolDirectory, spoolBytesMax: 5 * MIB });
  const [one, another, other] = [spools.open(1), spools.open(1), spools.open(2)];
  await one.write(large('a'));
  await expect(another.write(large('b'))).rejects.toMatchObject({ code: 'server_busy' });
  await other.write(large('c'));
  await Promise.all([one.discard(), another.discard(), other.discard()]);
  expect(spools.bytes()).toBe(0);
});
