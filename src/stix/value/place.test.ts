import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { valueKey } from './key.ts';
import { hostOf, placeOf } from './place.ts';

describe('placeOf', () => {
  it.each([
    ['ipv4-addr', '192.0.2.1', { address: '192.0.2.1' }],
    ['ipv4-cidr', '192.0.2.0/24', { address: '192.0.2.0/24' }],
    ['ipv6-addr', '2001:db8::1', { address: '2001:db8::1' }],
    ['ipv6-cidr', '2001:db8::/32', { address: '2001:db8::/32' }],
    ['ipv4-addr', '192.0.2.999', {}],
    ['domain-name', 'www.example.com', { domain: 'com.example.www.' }],
    ['domain-name', 'xn--bcher-kva.example', { domain: 'example.xn--bcher-kva.' }],
    ['subdomains', 'example.com', { domain: 'com.example.' }],
    ['domain-name', 'localhost', {}],
    ['domain-name', `${'a.'.repeat(130)}com`, {}],
    ['domain-name', 'not a name.example', {}],
    ['email-addr', 'a@b@example.com', { domain: 'com.example.' }],
    ['email-addr', 'nobody', {}],
    ['url', 'https://user:p@www.example.com:8443/a@b?c', { domain: 'com.example.www.' }],
    ['url', 'http://192.0.2.1/x', { address: '192.0.2.1' }],
    ['url', 'http://[2001:db8::1]:8080/x', { address: '2001:db8::1' }],
    ['url', 'data:text/plain,x', {}],
    ['url', 'www.example.com/x', {}],
    ['sha256', 'ab', {}],
  ])('%s %s', (kind, value, place) => {
    expect(placeOf(kind, value)).toEqual(place);
  });
});

it('hostOf leaves out the user, the port and the brackets of a URL', () => {
  expect(hostOf('ftp://a:b@[2001:db8::1]:21/')).toBe('2001:db8::1');
  expect(hostOf('https://example.com:8443')).toBe('example.com');
  expect(hostOf('mailto:a@example.com')).toBeUndefined();
});

it('valueKey is the first half of SHA-256 of kind, zero byte and value', () => {
  const digest = createHash('sha256').update(Buffer.from('url\0https://example.com/é', 'utf8'));
  expect(valueKey('url', 'https://example.com/é')).toBe(digest.digest('hex').slice(0, 32));
  expect(valueKey('x:a', 'b:c')).not.toBe(valueKey('x:a:b', 'c'));
});
