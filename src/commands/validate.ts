import { Command } from 'commander';
import { validation, type Validation } from '../indicators/validate.ts';
import { systemClock } from '../clock.ts';
import { drained } from '../stix/steps.ts';
import { print, printText } from './output.ts';
import {
  failureInWords,
  findingInWords,
  readStixFile,
  reasonOf,
  type FailedFile,
} from './stix-file.ts';

interface Options {
  json: boolean;
  quiet: boolean;
}

type Report = ({ readonly file: string } & Validation) | FailedFile;

/** `tocsin validate FILE…` */
export function validateCommand(): Command {
  return new Command('validate')
    .description('check STIX files and store nothing; exits with status 1 if an object is invalid')
    .argument('<files...>', 'STIX bundles or objects, or files with one object a line')
    .option('--json', 'one JSON object a file', false)
    .option('--quiet', 'only the table', false)
    .action(run);
}

async function run(files: string[], { json, quiet }: Options): Promise<void> {
  const reports: Report[] = [];
  for (const file of files) {
    const report = await check(file);
    reports.push(report);
    if (json) print(report);
    else if (!quiet) printText(inWords(report));
    if ('error' in report || report.summary.invalid > 0) process.exitCode = 1;
  }
  if (!json) printText(table(reports));
}

async function check(file: string): Promise<Report> {
  const read = await readStixFile(file);
  if ('error' in read) return { file, error: read.error };
  const { id = null, specVersion, objects, warnings: bundleWarnings = [] } = read;
  const terms = { now: systemClock.now(), bundleVersion: specVersion, bundleWarnings };
  return { file, ...drained(validation(id, objects, terms)) };
}

function inWords(report: Report): string {
  if ('error' in report) return failureInWords(report);
  const { file, results, warnings: about = [] } = report;
  const head = about.map((finding) => `${file}: warning ${findingInWords(finding)}\n`);
  const lines = results.flatMap(({ index, id, errors, warnings }) => {
    const name = `${file}: ${id ?? `object ${index}`}`;
    return [
      ...errors.map((finding) => `${name}: error ${findingInWords(finding)}\n`),
      ...warnings.map((finding) => `${name}: warning ${findingInWords(finding)}\n`),
    ];
  });
  return [...head, ...lines].join('');
}

const HEADS = ['objects', 'valid', 'invalid', 'warnings'] as const;

/** One row a file. Of a file that could not be read there is nothing to count. */
function table(reports: readonly Report[]): string {
  const rows = reports.map((report) => {
    const { file } = report;
    if ('error' in report) return [...HEADS.map(() => '-'), `${file}: ${reasonOf(report)}`];
    return [...HEADS.map((head) => String(report.summary[head])), file];
  });
  const widths = HEADS.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const lines = [[...HEADS, 'file'], ...rows].map((row) =>
    row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '),
  );
  return `${lines.join('\n')}\n`;
}
