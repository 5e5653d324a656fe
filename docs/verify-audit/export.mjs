/** Verifies a whole export. */
import { createHash } from 'node:crypto';
import {
  EMPTY,
  entryText,
  hashOf,
  hex,
  joinHead,
  leafHash,
  leafText,
  must,
  nextMonth,
  openNote,
  partText,
  sha256,
  Tree,
} from './proofs.mjs';

const LATE_MS = 3_600_000;
const AHEAD_MS = 300_000;

/** Verifies the records of "tocsin audit export", line by line; see docs/audit.md. */
export class WholeCheck {
  constructor({ vkeys, against = [] }) {
    must(vkeys.length > 0, 'a whole export needs --vkey');
    this.vkeys = vkeys;
    this.kept = against.map((note) => openNote(note, vkeys));
    this.notes = [];
    this.reached = 0;
    this.nodes = new Map();
    this.tree = new Tree((level, place, hash) => this.nodes.set(`${level} ${place}`, hash));
    this.parts = new Map();
    this.months = new Map();
    this.readers = new Map();
    this.seen = { origin: [], turn: [], number: [] };
    this.lastId = 0;
  }

  take(record) {
    const { type } = record;
    if (type in this.seen) this.seen[type].push(record);
    else if (type === 'checkpoint') this.checkpoint(record);
    else if (type === 'leaf') this.leaf(record);
    else if (type === 'node') this.node(record);
    else if (type === 'pending') this.pending(record);
    else if (type === 'disclosure') this.disclosure(record);
    else must(type !== 'stray', `row ${record.auditId} was inserted past the tree`);
  }

  checkpoint({ note: text, size, previous, signedAt, salt }) {
    const note = { ...openNote(text, this.vkeys), salt: hex(salt) };
    const last = this.notes.at(-1);
    const origin = this.seen.origin[0]?.origin;
    must(
      note.size === size && note.origin === origin,
      `the checkpoint of ${size} is of another tree`,
    );
    const [current] = this.vkeys;
    const isLate = last?.by.includes(current) && !note.by.includes(current);
    must(!isLate, `the checkpoint of ${size} is signed by an old key`);
    const follows = note.previous === (last?.size ?? -1) && note.previous === previous;
    must(follows, `the checkpoint before that of ${size} is gone`);
    const isDated = note.signedAt === signedAt && signedAt >= (last?.signedAt ?? '');
    must(isDated, `the checkpoint of ${size} was re-dated`);
    this.notes.push(note);
    this.reach();
  }

  /** Compares with what was signed of the tree as it is now. */
  reach() {
    const { size } = this.tree;
    for (const note of this.kept) {
      must(note.size !== size || note.root.equals(this.tree.root()), `another tree of ${size}`);
    }
    const note = this.notes[this.reached];
    if (note?.size !== size) return;
    must(note.root.equals(this.tree.root()), `the first ${size} leaves are not those signed`);
    const map = new Tree();
    for (let slot = 0; slot < note.slots; slot++) {
      const { count, head } = this.parts.get(slot) ?? { count: 0, head: EMPTY };
      map.add(leafHash(partText(slot, count, head, sha256(note.salt, `\n${slot}`))));
    }
    must(
      map.root().equals(note.parts),
      `the parts under the checkpoint of ${size} are not those signed`,
    );
    this.reached += 1;
  }

  leaf(record) {
    const { position, auditId, row, organisationId: organisation, entryHash } = record;
    const at = `the leaf at ${position}`;
    must(position === this.tree.size, `a leaf is missing at ${this.tree.size}`);
    const month = record.month.slice(0, 7);
    const hash = leafHash(leafText({ id: auditId, month, organisation, entryHash }));
    must(hash.equals(hex(record.hash)) && record.month === `${month}-01`, `${at} was altered`);
    this.lastId = Math.max(this.lastId, Number(auditId));
    const before = this.parts.get(organisation) ?? { count: 0, head: EMPTY };
    const part = { count: before.count + 1, head: joinHead(before.head, hash) };
    this.parts.set(organisation, part);
    const agrees = record.partCount === part.count && part.head.equals(hex(record.partHead));
    must(agrees, `the part of organisation ${organisation} was altered at ${position}`);
    this.dated(row?.at ?? `${month}-01`, row?.at ?? nextMonth(month), at);
    if (row !== null) this.row(row, record, month);
    this.month(month, position, hash, row === null);
    this.tree.add(hash);
    this.reach();
  }

  row(row, { position, auditId, organisationId, entryHash }, month) {
    const same = row.id === auditId && (row.organisationId ?? 0) === organisationId;
    must(
      same && row.at.startsWith(month) && hashOf(entryText(row)) === entryHash,
      `row ${auditId} at ${position} was altered`,
    );
    this.reader(row);
    if (row.action === 'audit.prune') this.prune(row, position);
  }

  dated(from, until, what) {
    const [before, after] = [this.notes[this.reached - 1], this.notes[this.reached]];
    const late = before && Number(new Date(until)) < Date.parse(before.signedAt) - LATE_MS;
    const early = after && Date.parse(from) > Date.parse(after.signedAt) + AHEAD_MS;
    must(!late && !early, `${what} is dated outside the time of its checkpoint`);
  }

  month(name, position, hash, gone) {
    const month = this.months.get(name) ?? { leaves: 0, gone: 0, digest: createHash('sha256') };
    this.months.set(name, month);
    month.digest.update(hash);
    month.leaves += 1;
    month.gone += gone ? 1 : 0;
    month.last = position;
  }

  prune(row, position) {
    for (const { month: name, rows, digest } of JSON.parse(row.detail).pruned) {
      const month = this.months.get(name) ?? { leaves: 0, digest: createHash('sha256'), last: -1 };
      const agrees = rows === month.leaves && digest === month.digest.copy().digest('hex');
      const ended = Date.parse(row.at) >= nextMonth(name);
      const signed = this.notes.some(({ size }) => size > month.last && size <= position);
      must(agrees && ended && signed, `the entry at ${position} names ${name}, which it cannot`);
      month.named = month.leaves;
    }
  }

  node({ level, place, hash }) {
    const name = `${level} ${place}`;
    must(this.nodes.get(name)?.equals(hex(hash)), `the node ${name} was altered`);
    this.nodes.delete(name);
  }

  pending({ auditId, at, isLeaf, row }) {
    this.lastId = Math.max(this.lastId, Number(auditId));
    must(!isLeaf && row?.at === at, `row ${auditId}, which waits for the tree, was altered`);
    this.reader(row);
  }

  reader({ action, actor, realmId, detail, at }) {
    if (action !== 'objects.disclose') return;
    const { door, state } = JSON.parse(detail);
    this.readers.set(`${actor}\n${door}\n${realmId}`, { at, state });
  }

  disclosure(record) {
    const { salt, reader, door, realmId, organisationId } = record;
    const { place, objects, notedPlace, notedObjects, notedAt } = record;
    const newest = this.readers.get(`${reader}\n${door}\n${realmId}`);
    this.readers.delete(`${reader}\n${door}\n${realmId}`);
    const what = `what is stored about ${reader} was altered`;
    must(objects >= notedObjects && place >= notedPlace, what);
    must(objects > notedObjects || place === notedPlace, what);
    if (notedAt === '-infinity') {
      must(newest === undefined && notedPlace === 0 && notedObjects === 0, what);
    } else if (newest === undefined) {
      must(this.months.get(notedAt.slice(0, 7))?.named !== undefined, what);
    } else {
      const lines = [salt, reader, door, realmId, organisationId, notedPlace, notedObjects];
      must(newest.at === notedAt && newest.state === hashOf(lines.join('\n')), what);
    }
  }

  end() {
    const { size } = this.tree;
    for (const [name, { leaves, gone, named }] of this.months) {
      must(named === undefined || named === leaves, `leaves were dated into ${name} afterwards`);
      must(gone === 0 || (gone === named && gone === leaves), `rows of ${name} were removed`);
    }
    const beyond = [...this.notes.slice(this.reached), ...this.kept].find(
      (note) => note.size > size,
    );
    must(beyond === undefined, `${beyond?.size} leaves were signed, and there are ${size}`);
    for (const { text, size: at } of this.kept) {
      must(
        this.notes.some((note) => note.text === text),
        `the checkpoint of ${at} is gone`,
      );
    }
    must(this.nodes.size === 0, `the node ${[...this.nodes.keys()][0]} is gone`);
    must(this.readers.size === 0, `what was stored about ${[...this.readers.keys()][0]} is gone`);
    const { origin, turn, number } = this.seen;
    must(
      origin.length === 1 && turn.length === 1,
      'the audit has not one name and one table to fill',
    );
    must(number[0]?.next > this.lastId, 'the next number is one that is taken');
    return `intact: ${size} leaves, ${this.reached} checkpoints`;
  }
}
