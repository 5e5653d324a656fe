import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { whyNotAuthentic } from '../../demo/verify.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const NOW_MS = 1_790_000_000_000;
const BODY = '{"type":"objects.changed"}';

/** Signed by the reference implementation, not by our own. */
function headers(secret = SECRET, atMs = NOW_MS) {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(atMs / 1000),
    'webhook-signature': new Webhook(secret).sign('msg_1', new Date(atMs), BODY),
  };
}

function why(given: Record<string, string>, body = BODY): string | undefined {
  return whyNotAuthentic(SECRET, given, Buffer.from(body), NOW_MS);
}

describe('what a receiver believes', () => {
  it('is what the secret signed', () => {
    expect(why(headers())).toBeUndefined();
  });

  it('is one good signature among several, as during a rotation', () => {
    const both = `${headers(OTHER)['webhook-signature']} ${headers()['webhook-signature']}`;
    expect(why({ ...headers(), 'webhook-signature': both })).toBeUndefined();
  });

  it.each([
    ['another secret', headers(OTHER), BODY],
    ['another body', headers(), `${BODY} `],
    ['another id', { ...headers(), 'webhook-id': 'msg_2' }, BODY],
    [
      'another version',
      { ...headers(), 'webhook-signature': headers()['webhook-signature'].replace('v1', 'v2') },
      BODY,
    ],
    ['an empty signature', { ...headers(), 'webhook-signature': 'v1,' }, BODY],
  ])('is not what has %s', (_, given, body) => {
    expect(why(given, body)).toBe('the signature is wrong');
  });

  it('is not what is old, or of the future', () => {
    expect(why(headers(SECRET, NOW_MS - 301_000))).toBe('the timestamp is not of now');
    expect(why(headers(SECRET, NOW_MS + 301_000))).toBe('the timestamp is not of now');
  });

  it('is not what says no time at all', () => {
    expect(why({ ...headers(), 'webhook-timestamp': 'NaN' })).toBe('the timestamp is not of now');
  });

  it('is not what lacks a header', () => {
    const { 'webhook-signature': _, ...unsigned } = headers();
    expect(why(unsigned)).toBe('a webhook header is missing');
  });
});
