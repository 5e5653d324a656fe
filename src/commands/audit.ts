import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { chainAll } from '../audit/chain.ts';
import { verifyAudit, type AuditFault, type AuditVerdict } from '../audit/verify.ts';
import { auditSigners, signHead } from '../audit/checkpoint.ts';
import { noteDisclosures } from '../audit/disclosures.ts';
import { readVkey, vkeyOf, type Verifier } from '../audit/note.ts';
import { pruneAudit } from '../store/audit-prune.ts';
import { createLog } from '../telemetry.ts';
import { openStore, type OpenStore } from './open.ts';
import { print, printText } from './output.ts';

interface VerifyOptions {
  readonly json: boolean;
  readonly against: readonly string[];
  readonly vkey: readonly Verifier[];
}

/** `tocsin audit verify | checkpoint | prune` */
export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('compute the whole audit anew and compare it with its signed checkpoints')
    .option('--json', 'the verdict as one JSON object', false)
    .option('--against <file>', 'a checkpoint kept elsewhere, repeatable', gather, [])
    .option(
      '--vkey <key>',
      'a public key that signed before the current one, repeatable',
      (text: string, keys: readonly Verifier[]) => [...keys, verifierOf(text)],
      [],
    )
    .action((options: VerifyOptions) => withStore((store) => runVerify(store, options)));
  const checkpoint = new Command('checkpoint')
    .description('sign the audit as it is now and print the checkpoint')
    .option('--vkey', 'print the public key instead', false)
    .action(({ vkey }: { vkey: boolean }) => withStore((store) => runCheckpoint(store, vkey)));
  const prune = new Command('prune')
    .description('drop the rows of months that have ended; the audit still verifies')
    .requiredOption(
      '--before <date>',
      'months that ended before this, such as 2030-01-01',
      readDate,
    )
    .action(({ before }: { before: Date }) => withStore((store) => runPrune(store, before)));
  return new Command('audit')
    .description('the record of who did and was given what')
    .addCommand(verify)
    .addCommand(checkpoint)
    .addCommand(prune);
}

function gather(text: string, texts: readonly string[]): string[] {
  return [...texts, text];
}

function verifierOf(text: string): Verifier {
  const verifier = readVkey(text);
  if (verifier === undefined) throw new InvalidArgumentError('Not a key: <name>+<id>+<base64>.');
  return verifier;
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Not a date.');
  return date;
}

async function withStore(work: (store: OpenStore) => Promise<void>): Promise<void> {
  const config = readConfig();
  const store = await openStore(config, createLog('warn'));
  try {
    await work(store);
  } finally {
    await store.close();
  }
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
    throw new Problem('invalid_request', `${file} cannot be read`, { cause });
  }
}

function inWords(verdict: AuditVerdict): string {
  const { fault, size, rows, pruned, checkpoints, unsigned, pending, root } = verdict;
  const whole = 'The audit is whole: nothing was altered or removed.';
  return `${fault === undefined ? whole : `NOT WHOLE: ${fault.kind} ${whereOf(fault)}.`}
leaves       ${size} (${rows} with their rows, ${pruned} without)
checkpoints  ${checkpoints}; ${unsigned} leaves are under none yet
pending      ${pending} rows are no leaves yet
root         ${root}
`;
}

function whereOf({ position, auditId }: AuditFault): string {
  if (position < 0) return 'is a checkpoint of --against';
  return `at position ${position}${auditId === undefined ? '' : `, row ${auditId}`}`;
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

/** What is dropped is under a checkpoint before, and that it was dropped is after. */
async function runPrune({ db, keyring, url }: OpenStore, before: Date): Promise<void> {
  await chainAll(db);
  await signHead(db, keyring);
  const months = await pruneAudit(url, before, 'command line');
  await chainAll(db);
  await signHead(db, keyring);
  printText(`${months.length} months dropped${months.map((m) => `\n${m}`).join('')}\n`);
}
