import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Problem } from '../errors.ts';
import { chainAll } from '../audit/chain.ts';
import { pruneAudit } from '../audit/prune.ts';
import type { AuditFault } from '../audit/verify-fault.ts';
import { verifyAudit, type AuditVerdict } from '../audit/verify.ts';
import { auditSigners, signHead } from '../audit/checkpoint.ts';
import { noteDisclosures } from '../audit/disclosures.ts';
import { readVkey, vkeyOf, type Verifier } from '../audit/note.ts';
import { readAuditRecords } from '../store/audit-records.ts';
import { withStore, type OpenStore } from './open.ts';
import { print, printJson, printText } from './output.ts';

interface VerifyOptions {
  readonly json: boolean;
  readonly against: readonly string[];
  readonly vkey: readonly Verifier[];
}

/** `tocsin audit verify | checkpoint | export | prune` */
export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('recompute the whole audit and compare it with its signed checkpoints')
    .option('--json', 'print the verdict as one JSON object', false)
    .option('--against <file>', 'a checkpoint that you stored elsewhere; repeatable', gather, [])
    .option(
      '--vkey <key>',
      'a public key that signed before the current one; repeatable',
      (text: string, keys: readonly Verifier[]) => [...keys, verifierOf(text)],
      [],
    )
    .action((options: VerifyOptions) => withStore((store) => runVerify(store, options)));
  const checkpoint = new Command('checkpoint')
    .description('sign the audit as it is now and print the checkpoint')
    .option('--vkey', 'print the public key instead', false)
    .action(({ vkey }: { vkey: boolean }) => withStore((store) => runCheckpoint(store, vkey)));
  const whole = new Command('export')
    .description('print the whole audit, one JSON record a line, for docs/verify-audit.mjs')
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
    .description('the record of who did what and who was given what')
    .addCommand(verify)
    .addCommand(checkpoint)
    .addCommand(whole)
    .addCommand(prune);
}

function gather(text: string, texts: readonly string[]): string[] {
  return [...texts, text];
}

function verifierOf(text: string): Verifier {
  const verifier = readVkey(text);
  if (verifier === undefined)
    throw new InvalidArgumentError('Expected a public key: <name>+<id>+<base64>.');
  return verifier;
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Expected a date, such as 2030-01-01.');
  return date;
}

async function runVerify({ db, keyring }: OpenStore, options: VerifyOptions): Promise<void> {
  const verifiers = [...(await auditSigners(db, keyring)), ...options.vkey];
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
checkpoints  ${checkpoints}; ${unsigned} leaves are not signed yet
pending      ${pending} rows are not in the tree yet
root         ${root}
`;
}

function whereOf({ position, auditId }: AuditFault): string {
  if (position < 0) return 'checkpoint, given with --against';
  return `at position ${position}${auditId === undefined ? '' : `, row ${auditId}`}`;
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
  printText(`${months.length} months deleted${months.map((m) => `\n${m}`).join('')}\n`);
}
