/**
 * Checkpoints as signed notes, pure: C2SP signed-note (Ed25519, signature type 0x01) around the
 * text of C2SP tlog-checkpoint. Both must be exact to the byte.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

export interface Checkpoint {
  /** Which log this is. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The map of the organisations' parts: see parts.ts. */
  readonly parts: { readonly slots: number; readonly root: Buffer };
  /** When it was signed, such as 2030-01-31T23:59:59.000000Z. */
  readonly signedAt: string;
  /** The size of the checkpoint before it; -1 for the first. */
  readonly previous: number;
  /** While the key is being replaced: the public key that signed until now, as `vkeyOf` writes it. */
  readonly earlier?: string | undefined;
}

export interface OpenedCheckpoint extends Checkpoint {
  /** What was signed. */
  readonly text: string;
  /** The keys that signed it, of those asked about. */
  readonly signedBy: readonly Verifier[];
}

/** A key with its name: in a checkpoint, the name is the origin. */
export interface Verifier {
  readonly name: string;
  /** Raw, 32 bytes. */
  readonly publicKey: Buffer;
}

export interface Signer extends Verifier {
  readonly privateKey: KeyObject;
}

const ED25519 = 0x01;
const ID_BYTES = 4;
/** RFC 8410 §7 and §4: what stands before the raw key in PKCS #8 and SubjectPublicKeyInfo. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const SIGNATURE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const TEXT = new RegExp(
  String.raw`^(?<origin>.+)\n(?<size>\d{1,16})\n(?<root>[A-Za-z0-9+/]{43}=)\n` +
    String.raw`parts (?<slots>\d{1,7}) (?<parts>[A-Za-z0-9+/]{43}=)\n` +
    String.raw`signed (?<signedAt>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\n` +
    String.raw`previous (?<previous>-1|\d{1,16})\n` +
    String.raw`(?:earlier (?<earlier>\S{1,300})\n)?$`,
);
const VKEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/;

/** The signer whose private key is this seed of 32 bytes (RFC 8032 §5.1.5). */
export function signerOf(name: string, seed: Buffer): Signer {
  const der = Buffer.concat([PKCS8, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { name, privateKey, publicKey: spki.subarray(SPKI.length) };
}

/** How a public key is handed out: `<name>+<key id>+<type and key>` (C2SP signed-note). */
export function vkeyOf({ name, publicKey }: Verifier): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64');
  return `${name}+${keyId({ name, publicKey }).toString('hex')}+${key}`;
}

/** The key that a text of `vkeyOf` means, or undefined when it means none. */
export function readVkey(text: string): Verifier | undefined {
  const [, name = '', id = '', encoded = ''] = VKEY.exec(text.trim()) ?? [];
  const key = Buffer.from(encoded, 'base64');
  const verifier = { name, publicKey: key.subarray(1) };
  const matches = key[0] === ED25519 && keyId(verifier).toString('hex') === id;
  return matches ? verifier : undefined;
}

/** The checkpoint as a note with the signature of each signer. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly Signer[]): string {
  const text = textOf(checkpoint);
  const lines = signers.map((signer) => {
    const signature = sign(null, Buffer.from(text), signer.privateKey);
    return `— ${signer.name} ${Buffer.concat([keyId(signer), signature]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** The lines after the root are extension lines as C2SP tlog-checkpoint allows them. */
function textOf({ origin, size, root, parts, signedAt, previous, earlier }: Checkpoint): string {
  return `${origin}
${size}
${root.toString('base64')}
parts ${parts.slots} ${parts.root.toString('base64')}
signed ${signedAt}
previous ${previous}
${earlier === undefined ? '' : `earlier ${earlier}\n`}`;
}

/**
 * The checkpoint that a note holds, or undefined unless at least one of its signatures is by one
 * of these keys and every signature that claims to be by one is.
 */
export function openCheckpoint(
  note: string,
  verifiers: readonly Verifier[],
): OpenedCheckpoint | undefined {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  if (end < 0 || lines.pop() !== '') return undefined;
  const signedBy: Verifier[] = [];
  for (const line of lines) {
    const [, name, encoded = ''] = SIGNATURE.exec(line) ?? [];
    if (name === undefined) return undefined;
    const bytes = Buffer.from(encoded, 'base64');
    const id = bytes.subarray(0, ID_BYTES);
    const by = verifiers.find((key) => key.name === name && keyId(key).equals(id));
    if (by === undefined) continue;
    if (!isSignedBy(by, text, bytes.subarray(ID_BYTES))) return undefined;
    signedBy.push(by);
  }
  const checkpoint = readText(text);
  return checkpoint && signedBy.length > 0 ? { ...checkpoint, text, signedBy } : undefined;
}

function readText(text: string): Checkpoint | undefined {
  const found = TEXT.exec(text)?.groups;
  if (found === undefined) return undefined;
  const {
    origin = '',
    size,
    root = '',
    slots,
    parts = '',
    signedAt = '',
    previous,
    earlier,
  } = found;
  const checkpoint = {
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64'),
    parts: { slots: Number(slots), root: Buffer.from(parts, 'base64') },
    signedAt,
    previous: Number(previous),
    ...(earlier === undefined ? {} : { earlier }),
  };
  // Only one text says the same.
  return textOf(checkpoint) === text ? checkpoint : undefined;
}

function isSignedBy({ publicKey }: Verifier, text: string, signature: Buffer): boolean {
  const der = Buffer.concat([SPKI, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, signature);
}

/** C2SP signed-note: the first bytes of SHA-256 over name, newline, signature type and key. */
function keyId({ name, publicKey }: Verifier): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519));
  return hash.update(publicKey).digest().subarray(0, ID_BYTES);
}
