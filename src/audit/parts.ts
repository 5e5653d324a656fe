/**
 * The map of the organisations' parts of the audit, pure: a Merkle tree (RFC 6962 §2.1) with a slot
 * for every organisation, by number, whose leaves say how many leaves of the audit are about it and
 * the head of the chain of hashes over them. Each leaf contains a blind that only its organisation
 * learns, so that a proof reveals nothing about the others: not even whether a slot is in use.
 */
import { createHash } from 'node:crypto';
import { Frontier, inclusionPath, leafHash } from './merkle.ts';

/** What the audit has about one organisation; 0 is what is about none. */
export interface Part {
  readonly organisationId: number;
  readonly count: number;
  readonly head: Buffer;
}

/** The head of a part without leaves. */
export const EMPTY_HEAD = createHash('sha256').digest();

const SLOTS_MIN = 64;
/** A bound on work: organisations are numbered from 1 on. */
const SLOTS_MAX = 2 ** 20;

/** The head after one more leaf. */
export function joinHead(head: Uint8Array, leaf: Uint8Array): Buffer {
  return createHash('sha256').update('\x02').update(head).update(leaf).digest();
}

/** The blind that makes a leaf of the map unguessable without the salt of its checkpoint. */
export function blindOf(salt: Uint8Array, organisationId: number): Buffer {
  return createHash('sha256').update(salt).update(`\n${organisationId}`).digest();
}

export class PartMap {
  readonly slots: number;
  readonly #parts: ReadonlyMap<number, Part>;
  readonly #leaves: readonly Buffer[];

  /** Throws RangeError when a number of an organisation is beyond every reasonable one. */
  constructor(parts: readonly Part[], salt: Uint8Array) {
    const most = parts.reduce((max, { organisationId }) => Math.max(max, organisationId), 0);
    if (most >= SLOTS_MAX) throw new RangeError(`Organisation ${most} is beyond the map of parts`);
    let slots = SLOTS_MIN;
    while (slots <= most) slots *= 2;
    this.slots = slots;
    this.#parts = new Map(parts.map((part) => [part.organisationId, part]));
    this.#leaves = Array.from({ length: slots }, (_, organisationId) =>
      leafHash(partText(this.part(organisationId), blindOf(salt, organisationId))),
    );
  }

  part(organisationId: number): Part {
    return this.#parts.get(organisationId) ?? { organisationId, count: 0, head: EMPTY_HEAD };
  }

  root(): Buffer {
    return rootOf(this.#leaves);
  }

  /** What proves the part of an organisation (RFC 6962 §2.1.1), or undefined beyond the map. */
  prove(organisationId: number): Buffer[] | undefined {
    if (organisationId >= this.slots) return undefined;
    return inclusionPath(organisationId, this.slots).map(({ start, end }) =>
      rootOf(this.#leaves.slice(start, end)),
    );
  }
}

function partText({ organisationId, count, head }: Part, blind: Buffer): string {
  const lines = ['tocsin audit part 1', organisationId, count];
  return `${[...lines, head.toString('hex'), blind.toString('hex')].join('\n')}\n`;
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new Frontier();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}
