import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, readVkey, signCheckpoint, signerOf, vkeyOf } from './note.ts';

const origin = 'example.org/audit';
// RFC 8032 §7.1, test 1.
const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const publicHex = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const signer = signerOf(origin, seed);
const other = signerOf(origin, Buffer.alloc(32, 7));
const checkpoint = {
  origin,
  size: 42,
  root: Buffer.alloc(32, 1),
  parts: { slots: 64, root: Buffer.alloc(32, 2) },
  signedAt: '2030-01-31T23:59:59.000000Z',
  previous: 41,
};
const note = signCheckpoint(checkpoint, [signer]);

describe('a signed checkpoint', () => {
  it('has the public key of RFC 8032', () => {
    expect(signer.publicKey.toString('hex')).toBe(publicHex);
  });

  it('is laid out as C2SP says', () => {
    const [text = '', signatures = ''] = note.split('\n\n');
    expect(text.split('\n')).toEqual([
      origin,
      '42',
      checkpoint.root.toString('base64'),
      `parts 64 ${checkpoint.parts.root.toString('base64')}`,
      'signed 2030-01-31T23:59:59.000000Z',
      'previous 41',
    ]);
    expect(signatures).toMatch(/^[^\n]+\n$/);
    const [dash, name, signature = ''] = signatures.split(' ');
    expect([dash, name]).toEqual(['\u2014', origin]);
    const bytes = Buffer.from(signature, 'base64');
    expect(bytes).toHaveLength(4 + 64);
    const id = createHash('sha256').update(`${origin}\n\x01`).update(signer.publicKey).digest();
    expect(bytes.subarray(0, 4)).toEqual(id.subarray(0, 4));
  });

  it('opens with the key handed out as text', () => {
    const vkey = vkeyOf(signer);
    expect(vkey).toMatch(/^example\.org\/audit\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/);
    const verifier = readVkey(`${vkey}\n`);
    expect(verifier && openCheckpoint(note, [verifier])).toMatchObject(checkpoint);
    expect(readVkey(vkey.replace('audit', 'other'))).toBeUndefined();
    expect(readVkey('')).toBeUndefined();
  });

  it('opens with either key when both signed, and lets signatures of strangers be', () => {
    const both = signCheckpoint(checkpoint, [signer, other]);
    expect(openCheckpoint(both, [signer])).toMatchObject({ ...checkpoint, signedBy: [signer] });
    expect(openCheckpoint(both, [other, signer])?.signedBy).toEqual([signer, other]);
    const stranger = signerOf('example.com/witness', Buffer.alloc(32, 9));
    expect(openCheckpoint(both, [stranger])).toBeUndefined();
  });

  it.each([
    ['another size', note.replace('\n42\n', '\n41\n')],
    ['another root', note.replace('AQEB', 'AQEC')],
    ['another part', note.replace('AgIC', 'AgIB')],
    ['another time', note.replace('2030-01-31', '2030-01-30')],
    ['another predecessor', note.replace('previous 41', 'previous 40')],
    ['another origin', note.replaceAll('example.org', 'example.com')],
    ['a line more', note.replace('\n\n', '\nmore\n\n')],
    ['a number in another form', note.replace('\n42\n', '\n042\n')],
    ['no signature', note.slice(0, note.indexOf('\n\n') + 2)],
    ['no last newline', note.slice(0, -1)],
    ['no note at all', 'no note'],
    ['nothing', ''],
    ['a hyphen for the dash', note.replace('\u2014', '-')],
    ['its own signature spoilt', spoilt()],
    ['a signature of nobody we know', signCheckpoint(checkpoint, [other])],
  ])('does not open with %s', (_, wrong) => {
    expect(openCheckpoint(wrong, [signer])).toBeUndefined();
  });

  it('does not open when signed over a text that is not a checkpoint', () => {
    const odd = signCheckpoint({ ...checkpoint, size: -1 }, [signer]);
    expect(openCheckpoint(odd, [signer])).toBeUndefined();
  });

  it('is not fooled by a key of the same name', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
    expect(openCheckpoint(note, [{ name: origin, publicKey: raw }])).toBeUndefined();
  });
});

/** One bit of the signature turned over, and the key id left as it is. */
function spoilt(): string {
  const line = note.lastIndexOf(' ') + 1;
  const bytes = Buffer.from(note.slice(line), 'base64');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return `${note.slice(0, line)}${bytes.toString('base64')}\n`;
}
