import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Problem } from '../errors.ts';
import { chainAll } from '../audit/chain.ts';
import { pruneAudit } from '../audit/prune.ts';
import type { AuditFault } from '../audit/verify-fault.ts';
import { verifyAudit, type AuditVerdict } from '../audit/verify.ts';
import { auditSigners, auditVerifiers, signHead } from '../audit/checkpoint.ts';
import { noteDisclosures } from '../audit/disclosures.ts';
import { readVkey, vkeyOf, type Verifier } from '../audit/note.ts';
import { toAuditEntry } from '../http/rest/member-answers.ts';
import { AuditQuery } from '../http/rest/schemas/audit.ts';
import { readWholeAudit } from '../audit/read.ts';
import { findAuditSize } from '../store/audit/tree.ts';
import { readAuditRecords } from '../store/audit/records.ts';
import { textOfFailure } from './failure.ts';
import { gather, inputOf, readNumber } from './input.ts';
import { withStore, type OpenStore } from './open.ts';
import { print, printError, printJson, printText } from './output.ts';
import { quantity } from '../quantity.ts';

interface VerifyOptions {
  readonly json: boolean;
  readonly against: readonly string[];
  readonly vkey: readonly string[];
}

interface ListOptions {
  readonly from?: string;
  readonly limit?: string;
  readonly last?: number;
}

/** `tocsin audit verify | list | checkpoint | export | prune` */
export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('recompute the whole audit and compare it with its signed checkpoints')
    .option('--json', 'print the verdict as one JSON object', false)
    .option('--against <file>', 'a checkpoint that you stored elsewhere; repeatable', gather, [])
    .option(
      '--vkey <key>',
      'a public key that signed before the current one; repeatable',
      gather,
      [],
    )
    .addHelpText('after', '\nExit code: 0 intact, 1 not intact, 2 could not verify.')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : UNVERIFIED))
    .action((options: VerifyOptions) => orUnverified((store) => runVerify(store, options)));
  const checkpoint = new Command('checkpoint')
    .description('sign the audit as it is now and print the checkpoint')
    .option('--vkey', 'print the public key instead', false)
    .action(({ vkey }: { vkey: boolean }) => withStore((store) => runCheckpoint(store, vkey)));
  const list = new Command('list')
    .description('list entries of the audit in its order, one JSON object per line')
    .option('--from <position>', 'the position to start from (default: 0)')
    .option('--limit <count>', 'the maximum number of entries (default: 100)')
    .option('--last <count>', 'the newest entries instead', readNumber)
    .action((options: ListOptions) => withStore((store) => runList(store, options)));
  const whole = new Command('export')
    .description('print the whole audit, one JSON record per line, for docs/verify-audit.mjs')
    .action(() => withStore(runExport));
  const prune = new Command('prune')
    .description('delete the rows of months that have ended; the audit can still be verified')
    .requiredOption(
      '--before <date>',
      'months that ended before this date, such as 2030-01-01',
      readDate,
    )
    .action(({ before }: { before: Date }) => withStore((store) => runPrune(store, before)));
  return new Command('audit')
    .description('the record of all acts and disclosures')
    .addCommand(verify)
    .addCommand(list)
    .addCommand(checkpoint)
    .addCommand(whole)
    .addCommand(prune);
}

/** The exit code for an audit that could not be verified, which says nothing about the audit. */
const UNVERIFIED = 2;

async function orUnverified(work: (store: OpenStore) => Promise<void>): Promise<void> {
  try {
    await withStore(work, { anySecret: true });
  } catch (error) {
    printError(`tocsin: could not verify the audit: ${textOfFailure(error)}\n`);
    process.exitCode = UNVERIFIED;
  }
}

function verifierOf(text: string): Verifier {
  const verifier = readVkey(text);
  if (verifier !== undefined) return verifier;
  throw new Problem('invalid_request', `--vkey: expected <name>+<id>+<base64>, not "${text}"`);
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Expected a date, such as 2030-01-01.');
  return date;
}

async function runVerify({ db, keyring }: OpenStore, options: VerifyOptions): Promise<void> {
  const verifiers = [...(await auditVerifiers(db, keyring)), ...options.vkey.map(verifierOf)];
  const kept = await Promise.all(options.against.map(readNote));
  const verdict = await verifyAudit(db, { verifiers, kept });
  if (options.json) print(verdict);
  else printText(inWords(verdict));
  if (!verdict.ok) process.exitCode = 1;
}

async function readNote(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Problem('invalid_request', `Cannot read the checkpoint ${file}`, { cause });
  }
}

function inWords(verdict: AuditVerdict): string {
  const { fault, size, rows, pruned, checkpoints, unsigned, pending, root } = verdict;
  const intact = 'The audit is intact: nothing was altered or removed.';
  return `${fault === undefined ? intact : `NOT INTACT: ${fault.kind} ${whereOf(fault)}.`}
leaves       ${size} (${rows} with their rows, ${pruned} pruned)
checkpoints  ${checkpoints}; not signed yet: ${quantity(unsigned, 'leaf', 'leaves')}
pending      ${quantity(pending, 'row')} to be added to the tree
root         ${root}
`;
}

function whereOf({ position, auditId }: AuditFault): string {
  if (position < 0) return 'checkpoint, given with --against';
  return `at position ${position}${auditId === undefined ? '' : `, row ${auditId}`}`;
}

async function runList({ db }: OpenStore, { last, ...options }: ListOptions): Promise<void> {
  const page = inputOf(AuditQuery, options);
  if (last === undefined) {
    print(...(await readWholeAudit(db, page)).map(toAuditEntry));
    return;
  }
  const from = Math.max(0, (await findAuditSize(db)) - last);
  print(...(await readWholeAudit(db, { from, limit: last })).map(toAuditEntry));
}

async function runExport({ db }: OpenStore): Promise<void> {
  await readAuditRecords(db, async (line) => {
    await printJson(line);
    return true;
  });
}

async function runCheckpoint({ db, keyring }: OpenStore, vkey: boolean): Promise<void> {
  if (vkey) {
    const [current] = await auditSigners(db, keyring);
    printText(current === undefined ? '' : `${vkeyOf(current)}\n`);
    return;
  }
  await noteDisclosures(db, keyring, 0);
  await chainAll(db);
  printText((await signHead(db, keyring)).note);
}

async function runPrune({ db, keyring }: OpenStore, before: Date): Promise<void> {
  const months = await pruneAudit(db, keyring, { before, actor: 'command line' });
  printText(`Deleted ${quantity(months.length, 'month')}${months.map((m) => `\n${m}`).join('')}\n`);
}
