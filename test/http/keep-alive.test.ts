import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let stranger: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
  stranger = await anActor(tocsin, { communities: [slug()] });
});
afterAll(() => tocsin.close());
afterEach(() => void vi.restoreAllMocks());

/** Opens a stream; the chunks that come, one at a time, and a clock of its own for the server. */
async function open() {
  const request = get(`${tocsin.url}/api/v1/stream`, {
    agent: false,
    headers: { 'x-api-key': alice.key },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
  const realNow = performance.now.bind(performance);
  let laterMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + laterMs);
  return {
    next: async () => (await chunks.next()).value as string,
    advance: (ms: number) => (laterMs += ms),
    close: () => request.destroy(),
  };
}

it('a quiet stream is kept alive by comments alone, within 15 seconds of the last', async () => {
  const stream = await open();
  expect(await stream.next()).toMatch(/^retry: \d+\nid: \S+\n\n$/);
  for (let round = 0; round < 3; round += 1) {
    stream.advance(14_001);
    expect(await stream.next()).toBe(': keep-alive\n\n');
  }
  stream.close();
});

it('gives an idle client its place once an hour, where the log has grown for others', async () => {
  const stream = await open();
  const [, first] = /id: (\S+)/.exec(await stream.next()) ?? [];
  stream.advance(3_600_001);
  expect(await stream.next()).toBe(': keep-alive\n\n');
  await stranger.shares(indicator());
  // The stream looks at what has come, finds nothing for it, and says so when it is quiet.
  for (;;) {
    stream.advance(14_001);
    const said = await stream.next();
    if (said === ': keep-alive\n\n') continue;
    const [, id] = /^: keep-alive\n\nid: (\S+)\n\n$/.exec(said) ?? [];
    expect(id).toBeDefined();
    expect(id).not.toBe(first);
    break;
  }
  stream.advance(14_001);
  expect(await stream.next()).toBe(': keep-alive\n\n');
  stream.close();
});
