/** A change of the master secret, and with it of the key that signs checkpoints. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signCheckpoint, signerOf, type Signer } from '../../src/audit/note.ts';
import { CheckpointCheck } from '../../src/audit/verify-checkpoints.ts';

const ORIGIN = 'tocsin.example/audit';
const older = signerOf(ORIGIN, randomBytes(32));
const current = signerOf(ORIGIN, randomBytes(32));
const stranger = signerOf(ORIGIN, randomBytes(32));

/** What is wrong with checkpoints of 1, 2, 3 … leaves that were signed by these, in order. */
function faultOf(...signedBy: (readonly Signer[])[]): unknown {
  const check = new CheckpointCheck({ verifiers: [current, older], kept: [] });
  for (const [index, signers] of signedBy.entries()) {
    const [size, previous] = [index + 1, index === 0 ? -1 : index];
    const signedAt = `2026-11-27T00:00:0${index}.000000Z`;
    const root = randomBytes(32);
    const parts = { slots: 0, root: randomBytes(32) };
    const note = signCheckpoint({ origin: ORIGIN, size, root, parts, signedAt, previous }, signers);
    const record = { size, previous, note, signedAt, salt: '00' } as const;
    const fault = check.add({ type: 'checkpoint', ...record }, ORIGIN);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

describe('checkpoints around a change of the key', () => {
  it('are signed by the older key, by both, and by the current one', () => {
    expect(faultOf([older], [older], [older, current], [older, current], [current])).toBe(
      undefined,
    );
  });

  it('are forged where the older key signs alone after the current one has signed', () => {
    for (const begun of [[current], [older, current]]) {
      expect(faultOf([older], begun, [older])).toEqual({ kind: 'forged', position: 3 });
    }
  });

  it('are forged where neither has signed', () => {
    expect(faultOf([older], [stranger])).toEqual({ kind: 'forged', position: 2 });
  });
});
