/** Verifies a Tocsin server's audit from outside; see USAGE. Shares no code with the server. */
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { WholeCheck } from './verify-audit/export.mjs';
import { verifyPart } from './verify-audit/part.mjs';
import { isVkey, must, NotIntact, openNote } from './verify-audit/proofs.mjs';

const USAGE = `Usage:
  node verify-audit.mjs <server URL> <file>   collect your organisation's part, then verify it
  node verify-audit.mjs <file> [options]      verify a collected part or a whole export, offline
Options:
  --vkey <key>        a public key that may have signed, the current one first; repeatable
  --against <file>    a checkpoint that you stored elsewhere; repeatable

Collecting needs the environment variable TOCSIN_KEY, an API key of role org_admin. The public key of
the first run is trusted: compare it with the one that the operator published. A whole export comes
from "tocsin audit export" and needs --vkey.
Exit code: 0 intact, 1 not intact, 2 could not verify (wrong usage, a file or server that cannot be read).
Needs Node 20 or later, the files of verify-audit/ beside this one, and nothing else.`;

async function get(server, path) {
  const headers = { accept: 'application/json', authorization: `Bearer ${process.env.TOCSIN_KEY}` };
  const url = `${server}/api/v1/audit${path}`;
  const response = await fetch(url, { headers }).catch((error) => {
    throw new Error(`${url} cannot be reached: ${error.cause?.message ?? error.message}`);
  });
  if (response.ok) return response.json();
  const advice = [401, 403].includes(response.status)
    ? '. TOCSIN_KEY must be the key of an org_admin'
    : '';
  throw new Error(`${url} answered ${response.status}${advice}`);
}

/** Adds to `file` what came since. */
async function collect(server, file) {
  const { checkpoint, keys } = await get(server, '/checkpoint');
  file.vkey ??= keys[0];
  const head = openNote(checkpoint, [file.vkey]);
  const last = file.checkpoints.at(-1) && openNote(file.checkpoints.at(-1), [file.vkey]);
  if (last?.text === head.text) return;
  const from = last?.size ?? 0;
  must(last === undefined || from < head.size, 'the audit is shorter than it was');
  if (from > 0) {
    const { hashes } = await get(server, `/proof?from=${from}&size=${head.size}`);
    file.consistency.push({ from, to: head.size, hashes });
  }
  await collectLeaves(server, file, { from, size: head.size });
  file.checkpoints.push(checkpoint);
}

async function collectLeaves(server, file, { from, size }) {
  const texts = new Map();
  for (let page = { next: from, more: true }; page.more && page.next < size;) {
    page = await get(server, `?from=${page.next}&limit=1000`);
    for (const { position, entry } of page.entries) texts.set(position, entry);
  }
  for (let page = { next: from, more: true }; page.more;) {
    page = await get(server, `/part?size=${size}&from=${page.next}&limit=1000`);
    file.organisation = page.organisation;
    for (const leaf of page.leaves) {
      const { hashes } = await get(server, `/proof?position=${leaf.position}&size=${size}`);
      const entry = texts.get(leaf.position) ?? null;
      file.leaves.push({ ...leaf, entry, inclusion: { size, hashes } });
    }
    if (!page.more) file.parts.push({ size, ...page.part });
  }
}

function optionsOf(args) {
  const options = { vkeys: [], against: [], names: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--vkey') options.vkeys.push(vkeyOf(args[++i]));
    else if (args[i] === '--against') options.against.push(readFileSync(args[++i] ?? '', 'utf8'));
    else options.names.push(args[i]);
  }
  return options;
}

/** A key that is none says nothing about the audit. */
function vkeyOf(text = '') {
  if (isVkey(text)) return text;
  throw new Error(`--vkey: expected <name>+<id>+<base64>, not "${text}"`);
}

async function main(args) {
  const { names, ...options } = optionsOf(args);
  const isOnline = /^https?:/.test(names[0] ?? '');
  if (names.length !== (isOnline ? 2 : 1) || names.some((name) => name.startsWith('-'))) {
    console.error(USAGE);
    return 2;
  }
  const [first, path] = names;
  if (isOnline && !process.env.TOCSIN_KEY) {
    throw new Error('Set TOCSIN_KEY to an API key of role org_admin');
  }
  console.log(await (isOnline ? collectFile(first, path, options) : verifyFile(first, options)));
  return 0;
}

/** Writes the file only when it verifies. */
async function collectFile(server, path, options) {
  const fresh = { checkpoints: [], consistency: [], parts: [], leaves: [] };
  const file = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : fresh;
  await collect(server.replace(/\/$/, ''), file);
  const verdict = verifyPart(file, options);
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  return verdict;
}

/** A whole export has one record a line, a part is one JSON object over many lines. */
async function verifyFile(path, options) {
  let whole;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (!line.startsWith('{"type"')) {
      return verifyPart(JSON.parse(readFileSync(path, 'utf8')), options);
    }
    if (options.vkeys.length === 0) throw new Error('A whole export needs --vkey');
    whole ??= new WholeCheck(options);
    whole.take(JSON.parse(line));
  }
  if (whole === undefined) throw new Error(`${path} is empty`);
  return whole.end();
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isBroken = error instanceof NotIntact;
  console.error(`${isBroken ? 'NOT INTACT' : 'COULD NOT VERIFY'}: ${error.message}`);
  process.exitCode = isBroken ? 1 : 2;
}
