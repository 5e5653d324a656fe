import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Resolve } from '../../src/egress/policy.ts';
import { createResolve } from '../../src/egress/resolve.ts';
import { serveNames, type Answers, type NameServer } from './nameserver.ts';

const v4 = Buffer.from([192, 0, 2, 1]);
const v6 = Buffer.from('20010db8000000000000000000000001', 'hex');

const answers: Answers = (name, type) => {
  if (name === 'both.example.com') return type === 'A' ? [v4, Buffer.from([192, 0, 2, 2])] : [v6];
  if (name === 'six.example.com') return type === 'A' ? [] : [v6];
  if (name === 'broken.example.com') return type === 'A' ? [v4] : 2;
  if (name === 'silent.example.com') return undefined;
  return name === 'none.example.com' ? [] : 3;
};

let server: NameServer;
let folder: string;
let resolve: Resolve;
beforeAll(async () => {
  server = await serveNames(answers);
  folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  const hostsFile = join(folder, 'hosts');
  await writeFile(
    hostsFile,
    '192.0.2.7 box.example.com box # six.example.com\n2001:db8::7\tBOX\n\n#192.0.2.8 x\n',
  );
  resolve = createResolve({ servers: [server.address], hostsFile, timeoutMs: 300 });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

it.each([
  ['both.example.com', ['192.0.2.1', '192.0.2.2', '2001:db8::1']],
  ['BOTH.example.com.', ['192.0.2.1', '192.0.2.2', '2001:db8::1']],
  ['six.example.com', ['2001:db8::1']],
  ['none.example.com', []],
  ['unknown.example.com', []],
  ['box', ['192.0.2.7', '2001:db8::7']],
  ['box.example.com', ['192.0.2.7']],
])('all addresses of %s are found', async (name, addresses) => {
  expect(await resolve(name)).toEqual(addresses);
});

it.each(['broken.example.com', 'silent.example.com'])(
  '%s is not resolved by half, since the other half might be refused',
  async (name) => {
    await expect(resolve(name)).rejects.toThrow();
  },
);

it('names whose server is silent do not hold up the others', async () => {
  const silent = Array.from({ length: 20 }, () =>
    resolve('silent.example.com').catch(() => 'failed'),
  );
  const first = await Promise.race([...silent, resolve('both.example.com')]);
  expect(first).toHaveLength(3);
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['failed']));
});

it('without a hosts file, the name servers are asked', async () => {
  const asking = createResolve({ servers: [server.address], hostsFile: join(folder, 'missing') });
  expect(await asking('six.example.com')).toEqual(['2001:db8::1']);
});
