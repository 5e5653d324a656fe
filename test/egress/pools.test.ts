import { afterEach, expect, it } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { receiveHttp, receiveRaw, type Receiver } from './receiver.ts';

const started: Receiver[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((receiver) => receiver.close()));
});

async function kept(starting: Promise<Receiver>): Promise<Receiver> {
  const receiver = await starting;
  started.push(receiver);
  return receiver;
}

const answer = () => kept(receiveHttp((_request, response) => response.end()));
const ask = { method: 'GET', timeoutMs: 5_000 } as const;
const allow = ['127.0.0.0/8'];

it('connections are reused, up to so many an origin', async () => {
  const receiver = await kept(receiveHttp((_request, response) => response.end()));
  const egress = createEgress({ allow, limits: { connectionsPerPoolMax: 3 } });
  for (let round = 0; round < 3; round += 1) {
    const requests = Array.from({ length: 20 }, () =>
      egress.request({ ...ask, url: receiver.url }),
    );
    for (const outcome of await Promise.all(requests)) expect(outcome.ok).toBe(true);
  }
  expect(receiver.accepted()).toBe(3);
  await egress.close();
  await receiver.abandoned();
});

it('connections that are idle are closed', async () => {
  const receiver = await kept(receiveHttp((_request, response) => response.end()));
  const egress = createEgress({ allow, limits: { idleMs: 1_100 } });
  await egress.request({ ...ask, url: receiver.url });
  await receiver.abandoned();
  expect(await egress.request({ ...ask, url: receiver.url })).toMatchObject({ ok: true });
  expect(receiver.accepted()).toBe(2);
  await egress.close();
});

it('connections that are old are replaced, so that the name is resolved again', async () => {
  const receiver = await answer();
  const egress = createEgress({ allow, limits: { connectionAgeMsMax: 0 } });
  for (let round = 0; round < 3; round += 1) {
    expect(await egress.request({ ...ask, url: receiver.url })).toMatchObject({ ok: true });
    await receiver.abandoned();
  }
  expect(receiver.accepted()).toBe(3);
  await egress.close();
});

it('connections of the origin used least recently make room for those of a new one', async () => {
  const egress = createEgress({ allow, limits: { poolsMax: 2 } });
  const [first, second, third] = [await answer(), await answer(), await answer()];
  for (const { url } of [first, second, first, third]) await egress.request({ ...ask, url });
  await second.abandoned();
  for (const { url } of [first, third]) await egress.request({ ...ask, url });
  expect([first.accepted(), second.accepted(), third.accepted()]).toEqual([1, 1, 1]);
  await egress.close();
});

it('connections that lose their place let their request end first', async () => {
  const arrived = Promise.withResolvers<() => void>();
  const slow = await kept(
    receiveHttp((_request, response) => arrived.resolve(() => response.end('late'))),
  );
  const quick = await kept(receiveHttp((_request, response) => response.end()));
  const egress = createEgress({ allow, limits: { poolsMax: 1 } });
  const pending = egress.request({ ...ask, url: slow.url });
  const answerIt = await arrived.promise;
  expect(await egress.request({ ...ask, url: quick.url })).toMatchObject({ ok: true });
  answerIt();
  expect(await pending).toMatchObject({ ok: true, status: 200 });
  await slow.abandoned();
  await egress.close();
});

it('closing ends what is under way, waiting or not yet connected, and everything after it', async () => {
  const arrived = Promise.withResolvers<void>();
  const silent = await kept(receiveRaw(() => arrived.resolve()));
  const egress = createEgress({
    allow,
    limits: { connectionsPerPoolMax: 1, poolsMax: 1 },
    resolve: () => new Promise(() => {}),
  });
  const urls = [silent.url, silent.url, 'http://tarpit.example.com/'];
  const pending = urls.map((url) => egress.request({ ...ask, url, timeoutMs: 60_000 }));
  await arrived.promise;
  await egress.close();
  for (const outcome of await Promise.all(pending)) {
    expect(outcome).toMatchObject({ ok: false, code: 'egress_closed' });
  }
  const late = await egress.request({ ...ask, url: silent.url });
  expect(late).toMatchObject({ ok: false, code: 'egress_closed', stage: 'check' });
  await silent.abandoned();
});
