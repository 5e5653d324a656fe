/** Verifies the part of one organisation. */
import {
  continues,
  EMPTY,
  fromBase64,
  hashOf,
  isIncluded,
  joinHead,
  leafHash,
  leafText,
  must,
  nextMonth,
  openNote,
  partText,
} from './proofs.mjs';

/** Verifies what `collect` wrote; throws NotIntact. Returns a line of praise. */
export function verifyPart(file, { vkeys = [], against = [] } = {}) {
  const trusted = vkeys.length > 0 ? vkeys : [file.vkey];
  const notes = file.checkpoints.map((note) => openNote(note, trusted));
  must(notes.length > 0, 'there is no checkpoint');
  const kept = against.map((note) => openNote(note, trusted));
  for (const [i, newer] of notes.entries()) checkSuccession(notes[i - 1], newer, file.consistency);
  for (const { size, text } of kept) {
    const same = notes.find((note) => note.size === size);
    must(same !== undefined, `the checkpoint of ${size} leaves was not collected`);
    must(same.text === text, `the server signed two checkpoints of ${size} leaves`);
  }
  const heads = [EMPTY];
  for (const [i, leaf] of file.leaves.entries()) {
    must(leaf.position > (file.leaves[i - 1]?.position ?? -1), 'the leaves are not in order');
    heads.push(joinHead(heads[i], checkOwnLeaf(leaf, file.organisation, notes)));
  }
  for (const note of notes) checkOwnPart(file, note, heads);
  const texts = file.leaves.filter(({ entry }) => entry !== null).length;
  return `intact: ${notes.at(-1).size} leaves, ${file.leaves.length} of them ours, ${texts} with text`;
}

function checkSuccession(older, newer, consistency) {
  if (older === undefined) return;
  must(older.size < newer.size && older.signedAt <= newer.signedAt, 'checkpoints are not in order');
  const proof = consistency.find(({ from, to }) => from === older.size && to === newer.size);
  const path = (proof?.hashes ?? []).map(fromBase64);
  must(continues(older, newer, path), 'the audit does not continue an earlier checkpoint');
}

function checkOwnLeaf(leaf, organisation, notes) {
  const { position, entry, inclusion } = leaf;
  const hash = leafHash(leafText({ ...leaf, organisation, entryHash: leaf.entry_hash }));
  const note = notes.find(({ size }) => size === inclusion.size);
  const path = inclusion.hashes.map(fromBase64);
  must(
    note !== undefined && isIncluded(position, note.size, note.root, hash, path),
    `the entry at ${position} is not in the tree`,
  );
  const ended = nextMonth(leaf.month) <= Date.parse(notes.at(-1).signedAt);
  must(entry !== null || ended, `the text of the entry at ${position} is gone too early`);
  if (entry === null) return hash;
  const [, id, at, about] = entry.split('\n');
  const agrees = id === leaf.id && at.startsWith(leaf.month) && about === String(organisation);
  must(agrees && hashOf(entry) === leaf.entry_hash, `the entry at ${position} was altered`);
  return hash;
}

/** Completeness: the checkpoint says how many leaves are ours, and which. */
function checkOwnPart({ parts, organisation, leaves }, note, heads) {
  const part = parts.find(({ size }) => size === note.size);
  must(part !== undefined, `nothing proves our part under the checkpoint of ${note.size} leaves`);
  const [head, blind] = [fromBase64(part.head), fromBase64(part.blind)];
  const leaf = leafHash(partText(organisation, part.count, head, blind));
  const path = part.hashes.map(fromBase64);
  const proven = isIncluded(organisation, note.slots, note.parts, leaf, path);
  must(proven, `our part under the checkpoint of ${note.size} leaves is not what was signed`);
  const count = leaves.filter(({ position }) => position < note.size).length;
  const complete = count === part.count && heads[count].equals(head);
  must(complete, `we were given ${count} of our ${part.count} leaves of the first ${note.size}`);
}
