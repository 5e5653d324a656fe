/**
 * Verifies a Tocsin server's audit from outside, for one organisation. It shares no code with the
 * server and needs Node 20 and nothing else:
 *
 *   TOCSIN_KEY=<key of role org_admin> node verify-audit.mjs https://tocsin.example.org state.json
 *
 * Run it daily. The state file holds what it has seen: the public key (trusted at the first run:
 * compare it with what the operator told you), the last checkpoint, and how far the own entries
 * were read. It ends with 1 and says why when anything does not fit.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [server, stateFile] = process.argv.slice(2);
const state = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : {};

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const node = (left, right) => sha256('\x01', left, right);

function must(holds, what) {
  if (holds) return;
  console.error(`NOT WHOLE: ${what}`);
  process.exit(1);
}

async function get(path, accept = 'application/json') {
  const headers = { accept, authorization: `Bearer ${process.env.TOCSIN_KEY}` };
  const response = await fetch(`${server}/api/v1/audit${path}`, { headers });
  must(response.ok, `${path} was answered with ${response.status}`);
  return accept === 'application/json' ? response.json() : response.text();
}

/** C2SP signed-note and tlog-checkpoint. */
function openNote(note, vkey) {
  const end = note.indexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const [, name, id, key] = /^(.+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey);
  const raw = Buffer.from(key, 'base64').subarray(1);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const signed = note.split('\n').some((line) => {
    if (!line.startsWith(`— ${name} `)) return false;
    const bytes = Buffer.from(line.split(' ')[2], 'base64');
    if (bytes.subarray(0, 4).toString('hex') !== id) return false;
    return verify(null, Buffer.from(text), publicKey, bytes.subarray(4));
  });
  must(signed, 'the checkpoint is not signed by the key that we know');
  const [origin, size, root] = text.split('\n');
  must(origin === name, 'the checkpoint is of another audit');
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}

/** RFC 9162 §2.1.3.2 */
function isIncluded(position, size, root, leaf, path) {
  let [fn, sn, hash] = [position, size - 1, leaf];
  for (const other of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = node(other, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else hash = node(hash, other);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && hash.equals(root);
}

/** RFC 9162 §2.1.4.2 */
function goesOn(older, newer, path) {
  if (older.size === newer.size) return older.root.equals(newer.root);
  return older.size === 0 || leadsToBoth(older, newer, path);
}

function leadsToBoth(older, newer, path) {
  const hashes = Number.isInteger(Math.log2(older.size)) ? [older.root, ...path] : [...path];
  if (hashes.length === 0) return false;
  let [fn, sn] = [older.size - 1, newer.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [fr, sr] = [hashes[0], hashes[0]];
  for (const other of hashes.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [node(other, fr), node(other, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else sr = node(sr, other);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr.equals(older.root) && sr.equals(newer.root);
}

const inBytes = (hashes) => hashes.map((hash) => Buffer.from(hash, 'base64'));

const vkey = state.vkey ?? (await get('/checkpoint')).keys[0];
const note = await get('/checkpoint', 'text/plain');
const head = openNote(note, vkey);
if (state.checkpoint !== undefined) {
  const older = openNote(state.checkpoint, vkey);
  must(older.size <= head.size, 'the audit is shorter than it was');
  const proof = await get(`/proof?from=${older.size}&size=${Math.max(1, head.size)}`);
  must(goesOn(older, head, inBytes(proof.hashes)), 'it does not go on from the last checkpoint');
}
let entries = 0;
let from = state.from ?? 0;
for (let page = { more: true }; page.more;) {
  page = await get(`?from=${from}&limit=1000`);
  for (const { position, entry } of page.entries) {
    // What is under no checkpoint yet is looked at next time.
    if (position >= head.size) break;
    const { hashes } = await get(`/proof?position=${position}&size=${head.size}`);
    const leaf = sha256('\0', entry);
    const included = isIncluded(position, head.size, head.root, leaf, inBytes(hashes));
    must(included, `the entry at ${position} is not in the tree`);
    from = position + 1;
    entries += 1;
  }
  if (page.next !== from) break;
}
writeFileSync(stateFile, JSON.stringify({ vkey, checkpoint: note, from }, null, 2));
console.log(`whole: ${head.size} leaves, ${entries} entries of ours are new`);
