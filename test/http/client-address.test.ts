import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { clientAddress, clientScheme, trustProxies } from '../../src/http/edge/client.ts';
import type { ForwardedHeader } from '../../src/http/edge/forwarded.ts';

const PROXY = '192.0.2.1';
const INNER_PROXY = '198.51.100.7';
const CLIENT = '203.0.113.5';

interface Hop {
  readonly from?: string;
  readonly trusted?: readonly string[];
  readonly header?: ForwardedHeader;
  readonly headers?: Record<string, string>;
}

/** What a server finds out about a request whose connection comes from `from`. */
async function found({
  from = PROXY,
  trusted = [`${PROXY}/32`, `${INNER_PROXY}/32`],
  header = 'x-forwarded-for',
  headers = {},
}: Hop): Promise<{ address: string; scheme: string }> {
  const app = fastify();
  trustProxies(app, { trustedProxies: trusted, forwardedHeader: header });
  app.get('/', (asked) => ({ address: clientAddress(asked), scheme: clientScheme(asked) }));
  const answer = await app.inject({ url: '/', remoteAddress: from, headers });
  await app.close();
  return answer.json();
}

const xff = (value: string) => ({ 'x-forwarded-for': value });

describe('the address of the client, by X-Forwarded-For', () => {
  it.each([
    ['no header', {}, PROXY],
    ['one address', xff(CLIENT), CLIENT],
    ['an entry that the client wrote', xff(`10.0.0.1, ${CLIENT}`), CLIENT],
    ['trusted addresses that the client wrote', xff(`127.0.0.1, ${PROXY}, ${CLIENT}`), CLIENT],
    ['a second trusted proxy', xff(`10.0.0.1, ${CLIENT}, ${INNER_PROXY}`), CLIENT],
    ['trusted proxies only', xff(INNER_PROXY), INNER_PROXY],
    ['a port', xff(`${CLIENT}:4711`), CLIENT],
    ['IPv6 in brackets with a port', xff('[2001:DB8:0::1]:4711'), '2001:db8::1'],
    ['IPv4 in IPv6 form', xff(`::ffff:${CLIENT}`), CLIENT],
    ['a word that is not an address', xff(`${CLIENT}, unknown`), PROXY],
    ['a word behind a proxy', xff(`${CLIENT}, unknown, ${INNER_PROXY}`), INNER_PROXY],
    ['an empty header', xff(''), PROXY],
    ['the other header', { forwarded: `for=${CLIENT}` }, PROXY],
    ['a header of another product', { 'x-real-ip': CLIENT, 'true-client-ip': CLIENT }, PROXY],
  ])('with %s', async (_, headers, address) => {
    expect((await found({ headers })).address).toBe(address);
  });

  it('is that of the connection unless it comes from a trusted proxy', async () => {
    const headers = xff(CLIENT);
    expect((await found({ headers, from: '192.0.2.2' })).address).toBe('192.0.2.2');
    expect((await found({ headers, trusted: [] })).address).toBe(PROXY);
    expect((await found({ headers, from: `::ffff:${PROXY}` })).address).toBe(CLIENT);
  });

  it('does not depend on what a client sends', async () => {
    const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(PROXY), fc.stringMatching(/^[!-~]*$/));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (sent) => {
        const headers = xff([...sent, CLIENT].join(', '));
        expect((await found({ headers })).address).toBe(CLIENT);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the address of the client, by Forwarded', () => {
  it.each([
    ['one address', `for=${CLIENT}`, CLIENT],
    ['other parameters', `proto=https;For="${CLIENT}:4711";by=${PROXY}`, CLIENT],
    ['IPv6', 'for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['an entry that the client wrote', `for=10.0.0.1, for=${CLIENT}`, CLIENT],
    ['a quotation mark that the client left open', `for="10.0.0.1, for=${CLIENT}`, CLIENT],
    ['an escape that the client left open', `for="\\, for="[2001:db8::1]:1"`, '2001:db8::1'],
    ['a comma in quotation marks', `for="10.0.0.1, 10.0.0.2", for=${CLIENT}`, CLIENT],
    ['an obfuscated identifier', `for=${CLIENT}, for=_hidden`, PROXY],
    ['no parameter for', `for=${CLIENT}, proto=https`, PROXY],
  ])('with %s', async (_, forwarded, address) => {
    const headers = { forwarded, ...xff('10.0.0.1') };
    expect((await found({ header: 'forwarded', headers })).address).toBe(address);
  });
});

describe('the scheme of the client', () => {
  it.each([
    ['a trusted proxy', { headers: { 'x-forwarded-proto': 'https' } }, 'https'],
    ['a chain', { headers: { 'x-forwarded-proto': 'http, https' } }, 'https'],
    ['a word', { headers: { 'x-forwarded-proto': 'gopher' } }, 'http'],
    ['a stranger', { headers: { 'x-forwarded-proto': 'https' }, from: CLIENT }, 'http'],
    [
      'Forwarded',
      { header: 'forwarded', headers: { forwarded: `for=${CLIENT};proto="https"` } },
      'https',
    ],
  ] satisfies [string, Hop, string][])('as %s says', async (_, hop, scheme) => {
    expect((await found(hop)).scheme).toBe(scheme);
  });
});

/** Every other way to learn an address from a request. */
const OTHER_WAYS =
  /\bremoteAddress\b|\bremoteFamily\b|\brequest\.ips?\b|\bips?\b[^}\n]*\}: FastifyRequest|trustProxy|x-forwarded|x-real-ip|\bforwarded\b['"\]]/i;

describe('the source', () => {
  const root = join(import.meta.dirname, '../../src');
  const own = new Set(['http/edge/client.ts', 'http/edge/forwarded.ts']);

  it.each([
    'socket.remoteAddress',
    'const { remoteAddress } = request.socket',
    'request.ip',
    'function of({ ip, headers }: FastifyRequest)',
    "headers['x-forwarded-for']",
    "headers['forwarded']",
  ])('is searched for %s', (line) => expect(line).toMatch(OTHER_WAYS));

  it('learns addresses of clients in one place', () => {
    const files = globSync('**/*.ts', { cwd: root }).filter(
      (file) => !file.startsWith('store/generated') && !own.has(file),
    );
    expect(files.length).toBeGreaterThan(200);
    const elsewhere = files.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter(
          (line) => OTHER_WAYS.test(line) && !/TOCSIN_FORWARDED_HEADER|forwardedHeader/.test(line),
        )
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(elsewhere).toEqual([]);
  });
});
