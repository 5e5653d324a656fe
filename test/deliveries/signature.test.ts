import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { newSecret, sign } from '../../src/deliveries/signature.ts';

const nowSeconds = Math.floor(Date.now() / 1_000);
const secretOf = (bytes: number) => `whsec_${randomBytes(bytes).toString('base64')}`;

function verify(secret: string, body: string, signature: string, id = 'msg_1') {
  return new Webhook(secret).verify(body, {
    'webhook-id': id,
    'webhook-timestamp': String(nowSeconds),
    'webhook-signature': signature,
  });
}

it('what is signed, the published library verifies', () => {
  fc.assert(
    fc.property(fc.json(), fc.uuid(), fc.integer({ min: 24, max: 64 }), (body, uuid, bytes) => {
      const secret = secretOf(bytes);
      const signature = sign({ secret, id: uuid, timestampSeconds: nowSeconds, body });
      expect(verify(secret, body, signature, uuid)).toEqual(JSON.parse(body));
      expect(() => verify(secret, `${body} `, signature, uuid)).toThrow();
      expect(() => verify(secretOf(bytes), body, signature, uuid)).toThrow();
    }),
    { numRuns: 50 },
  );
});

it('agrees with the example of the specification’s own scheme', () => {
  const key = Buffer.alloc(24, 7);
  const expected = createHmac('sha256', key).update('msg_1.1700000000.{"a":"é"}').digest('base64');
  const secret = `whsec_${key.toString('base64')}`;
  const signed = { secret, id: 'msg_1', timestampSeconds: 1_700_000_000 };
  expect(sign({ ...signed, body: '{"a":"é"}' })).toBe(`v1,${expected}`);
  expect(sign({ ...signed, body: Buffer.from('{"a":"é"}') })).toBe(`v1,${expected}`);
  const parts = [Buffer.from('{"a":'), Buffer.from('"é"}')];
  expect(sign({ ...signed, body: parts })).toBe(`v1,${expected}`);
});

it('during a rotation, old and new secret both verify', () => {
  const secrets = [newSecret(randomBytes), newSecret(randomBytes)];
  const signature = sign({
    secret: secrets,
    id: 'msg_1',
    timestampSeconds: nowSeconds,
    body: '{}',
  });
  expect(signature.split(' ')).toHaveLength(2);
  for (const secret of secrets) expect(verify(secret, '{}', signature)).toEqual({});
  expect(() => verify(newSecret(randomBytes), '{}', signature)).toThrow();
});

it('a new secret is whsec_ and 32 bytes, all of them random', () => {
  const secret = newSecret((bytes) => Buffer.alloc(bytes, 255));
  expect(secret).toBe(`whsec_${Buffer.alloc(32, 255).toString('base64')}`);
  expect(newSecret(randomBytes)).not.toBe(newSecret(randomBytes));
});

it.each([
  ['no prefix', randomBytes(32).toString('base64')],
  ['another prefix', `whsk_${randomBytes(32).toString('base64')}`],
  ['too few bytes', secretOf(23)],
  ['too many bytes', secretOf(65)],
  ['no bytes', 'whsec_'],
  ['what is not base64', `${secretOf(32)}!`],
  ['base64 that was cut', secretOf(32).slice(0, -3)],
])('a secret with %s is refused and not repeated in the error', (_case, secret) => {
  const signIt = () => sign({ secret, id: 'msg_1', timestampSeconds: nowSeconds, body: '' });
  expect(signIt).toThrow(RangeError);
  expect(signIt).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining(secret.slice(6, 20) || '\0') }),
  );
});

it.each([
  { id: '' },
  { id: 'msg.1' },
  { timestampSeconds: 1.5 },
  { timestampSeconds: -1 },
  { timestampSeconds: Number.NaN },
  { secret: [] },
])('%j is refused', (wrong) => {
  const right = { secret: secretOf(32), id: 'msg_1', timestampSeconds: nowSeconds, body: '' };
  expect(() => sign({ ...right, ...wrong })).toThrow(RangeError);
});
