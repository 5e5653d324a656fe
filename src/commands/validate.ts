import { Command } from 'commander';
import { validation, type Validation } from '../indicators/validate.ts';
import { systemClock } from '../clock.ts';
import { drained } from '../stix/steps.ts';
import type { Finding } from '../stix/check/check.ts';
import { print, printText } from './output.ts';
import { readStixFile } from './stix-file.ts';

interface Options {
  json: boolean;
  quiet: boolean;
}

interface Report {
  readonly file: string;
  readonly error?: Finding;
  readonly validation?: Validation;
}

/** `tocsin validate FILE…` */
export function validateCommand(): Command {
  return new Command('validate')
    .description('check STIX files, and keep nothing; leaves with 1 when an object is invalid')
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
    if (report.error !== undefined || (report.validation?.summary.invalid ?? 0) > 0) {
      process.exitCode = 1;
    }
  }
  if (!json) printText(table(reports));
}

async function check(file: string): Promise<Report> {
  const read = await readStixFile(file);
  if ('error' in read) return { file, error: read.error };
  const { id = null, specVersion, objects } = read;
  const terms = { now: systemClock.now(), bundleVersion: specVersion };
  return { file, validation: drained(validation(id, objects, terms)) };
}

function inWords({ file, error, validation }: Report): string {
  if (error !== undefined) return `${file}: ${error.code} ${error.path}: ${error.detail}\n`;
  const lines = (validation?.results ?? []).flatMap(({ index, id, errors, warnings }) => {
    const name = `${file}: ${id ?? `object ${index}`}`;
    return [
      ...errors.map((finding) => `${name}: error ${sentence(finding)}\n`),
      ...warnings.map((finding) => `${name}: warning ${sentence(finding)}\n`),
    ];
  });
  return lines.join('');
}

function sentence({ code, path, detail, clause }: Finding): string {
  return `${code} ${path}: ${detail}${clause === undefined ? '' : ` (${clause})`}`;
}

function table(reports: readonly Report[]): string {
  const rows = reports.map(({ file, error, validation }) => {
    if (validation === undefined) return [error?.code ?? '', '', '', '', file];
    const { objects, valid, invalid, warnings } = validation.summary;
    return [...[objects, valid, invalid, warnings].map(String), file];
  });
  const heads = ['objects', 'valid', 'invalid', 'warnings', 'file'];
  const widths = heads.map((head, i) =>
    Math.max(
      head.length,
      ...rows.map((row) => (i === 0 && row[1] === '' ? 0 : (row[i]?.length ?? 0))),
    ),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === heads.length - 1 ? cell : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  const text = [heads, ...rows].map((row) => {
    const [head = '', second, , , last = ''] = row;
    return second === '' ? `${head}  ${last}` : line(row);
  });
  return `${text.join('\n')}\n`;
}
