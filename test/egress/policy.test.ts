import { expect, it } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';

const PUBLIC = ['9.9.9.9', '2620:fe::fe'];

async function codeFor(url: string, answers: readonly string[] | Error, allow: string[] = []) {
  const resolve = async () => {
    if (answers instanceof Error) throw answers;
    return answers;
  };
  return (await createEgress({ allow, resolve }).check(url))?.code;
}

it.each([
  ['https://receiver.example.com/hook?x=1', undefined],
  ['https://receiver.example.com:8443/', undefined],
  ['HTTPS://RECEIVER.EXAMPLE.COM:443/', undefined],
  ['http://receiver.example.com/', 'egress_scheme'],
  ['ftp://receiver.example.com/', 'egress_scheme'],
  ['file:///etc/passwd', 'egress_scheme'],
  ['data:text/plain,x', 'egress_scheme'],
  ['https://receiver.example.com:25/', 'egress_port'],
  ['https://receiver.example.com:6379/', 'egress_port'],
  ['https://receiver.example.com:80/', 'egress_port'],
  ['https://user@receiver.example.com/', 'egress_userinfo'],
  ['https://:secret@receiver.example.com/', 'egress_userinfo'],
  ['https://9.9.9.9@127.0.0.1/', 'egress_userinfo'],
  ['receiver.example.com', 'egress_url'],
  ['/hook', 'egress_url'],
  ['', 'egress_url'],
  ['https://', 'egress_url'],
  ['https://receiver.example.com:99999/', 'egress_url'],
  ['https://256.256.256.256/', 'egress_url'],
  ['https://[fe80::1%25eth0]/', 'egress_url'],
])('a URL that is saved %s: %s', async (url, code) => {
  expect(await codeFor(url, PUBLIC)).toBe(code);
});

it.each([
  ['only public ones', PUBLIC, undefined],
  ['one private among public ones', [...PUBLIC, '10.0.0.1'], 'egress_address'],
  ['a loopback alone', ['::1'], 'egress_address'],
  ['a cloud’s metadata service', ['169.254.169.254'], 'egress_address'],
  ['something that is not an address', ['localhost'], 'egress_address'],
  ['none', [], 'egress_resolve'],
  ['an error', new Error('SERVFAIL'), 'egress_resolve'],
])('a URL that is saved whose name has %s', async (_case, answers, code) => {
  expect(await codeFor('https://receiver.example.com/', answers)).toBe(code);
});

it('a URL that is saved may be anything inside the ranges that the operator opened', async () => {
  const allow = ['10.1.0.0/16', '::1/128'];
  expect(await codeFor('http://receiver.example.org:9000/', ['10.1.2.3', '::1'], allow)).toBe(
    undefined,
  );
  expect(await codeFor('http://[::ffff:10.1.2.3]/', [], allow)).toBe(undefined);
  expect(await codeFor('http://10.2.0.1/', [], allow)).toBe('egress_address');
  expect(await codeFor('http://receiver.example.org/', PUBLIC, allow)).toBe('egress_scheme');
  expect(await codeFor('https://receiver.example.org:9000/', PUBLIC, allow)).toBe('egress_port');
  expect(await codeFor('https://receiver.example.org/', ['10.1.2.3', '10.2.0.1'], allow)).toBe(
    'egress_address',
  );
  expect(await codeFor('https://receiver.example.org/', ['10.1.2.3', ...PUBLIC], allow)).toBe(
    undefined,
  );
});

it('a URL that is saved does not tell what a name resolves to', async () => {
  const egress = createEgress({ allow: [], resolve: async () => ['10.20.30.40'] });
  const refusal = await egress.check('https://intranet.example.com/');
  expect(JSON.stringify(refusal)).not.toMatch(/10\.|1918|private/u);
});

it('a URL that is saved is not looked up where no answer could make it allowed', async () => {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return PUBLIC;
  };
  await createEgress({ allow: [], resolve }).check('http://receiver.example.com/');
  expect(asked).toEqual([]);
});

it('a URL that is saved cannot be judged by ranges that are none', () => {
  expect(() => createEgress({ allow: ['10.0.0.0/33'] })).toThrow();
  expect(() => createEgress({ allow: ['loopback'] })).toThrow();
});
