import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { accept } from '../indicators/accept.ts';
import { bundleHead, summaryOf } from '../http/bundles/summary.ts';
import { chooseAudience } from '../indicators/audience.ts';
import { sharingContext, type SharingContext } from '../indicators/context.ts';
import type { ObjectResult } from '../indicators/results.ts';
import { memberOfOrganisation } from '../access/authenticate.ts';
import { startSequencer } from '../log/sequencer.ts';
import { CONTEXT_FIELDS } from '../formats/list/context.ts';
import { importList, isList, listInWords, type ListReport } from './list-file.ts';
import { commandLogger, openInstallation } from './open.ts';
import { print, printText } from './output.ts';
import { failureInWords, findingInWords, readStixFile } from './stix-file.ts';

interface Options {
  org: string;
  columns?: string;
  realm?: string;
  audience?: string[];
  dryRun: boolean;
  json: boolean;
}

/** What REST answers to the same bundle, with the name of its file. */
type Report =
  | ({
      readonly file: string;
      readonly results: readonly ObjectResult[];
    } & ReturnType<typeof bundleHead>)
  | ListReport;

/** `tocsin import FILE… --org <slug> [--realm <slug>]` */
export function importCommand(): Command {
  const command = new Command('import')
    .description('share STIX bundles, or plain lists of values, as an organisation')
    .argument(
      '<files...>',
      'STIX bundles or objects, files with one object per line, or lists of values (.csv, .tsv, .txt)',
    )
    .requiredOption('--org <slug>', 'who shares them')
    .option(
      '--audience <slug>',
      'with whom, repeatable (its default community unless given)',
      (slug: string, slugs: string[] | undefined) => [...(slugs ?? []), slug],
    )
    .option('--realm <slug>', 'the exercise in which (production unless given)')
    .option('--dry-run', 'only say what would happen', false)
    .option('--json', 'one JSON object a file, with a result for every object', false)
    .option('--columns <fields>', 'what the columns of a list hold, such as value,labels,-,tlp')
    .action(run);
  for (const field of CONTEXT_FIELDS) {
    command.option(`${flagOf(field)} <text>`, `\`${field}\` of every value of a list`);
  }
  return command;
}

function flagOf(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

/** What the options say about the values of lists. Commander names them in its own way. */
function contextOf(options: Options): Record<string, string | undefined> {
  return Object.fromEntries(
    CONTEXT_FIELDS.map((field) => {
      const name = field.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      const value: unknown = Reflect.get(options, name);
      return [field, typeof value === 'string' ? value : undefined];
    }),
  );
}

async function run(files: string[], options: Options): Promise<void> {
  const config = readConfig();
  const logger = commandLogger(config);
  const store = await openInstallation(config, logger);
  const sequencer = startSequencer({
    db: store.db,
    onHead: () => undefined,
    onError: (error) => logger.warn({ err: error }, 'the inbox could not be sequenced'),
  });
  const { quotas, unknownTlp } = config;
  const { db } = store;
  const context = sharingContext({ db, clock: systemClock, quotas, unknownTlp, sequencer });
  try {
    for (const file of files) {
      const report = await importFile(context, file, options);
      if (options.json) print(report);
      else printText(inWords(report));
      if ('error' in report || report.summary.rejected > 0) process.exitCode = 1;
    }
  } finally {
    await sequencer.close();
    await store.close();
  }
}

async function importFile(
  context: SharingContext,
  file: string,
  options: Options,
): Promise<Report> {
  const { db } = context;
  const { dryRun } = options;
  const choose = async () => {
    const member = await memberOfOrganisation(db, options.org, 'import', options.realm);
    const audience = await chooseAudience(db, member, options.audience);
    return { member, audience, atomic: false, dryRun };
  };
  if (await isList(file)) {
    const { columns } = options;
    return importList(context, file, await choose(), { context: contextOf(options), columns });
  }
  const read = await readStixFile(file);
  if ('error' in read) return { file, error: read.error };
  const input = await choose();
  try {
    const { objects, specVersion: bundleVersion } = read;
    const results = await accept(context, { objects, bundleVersion }, input);
    return { file, ...bundleHead(read, dryRun, summaryOf(results)), results };
  } catch (error) {
    // What is wrong with one file must not end the import of the others.
    if (!(error instanceof Problem)) throw error;
    const { code, path, message: detail } = error;
    return { file, error: { code, path, detail } };
  }
}

function inWords(report: Report): string {
  if ('error' in report) return failureInWords(report);
  if (!('bundle' in report)) return listInWords(report);
  const { file, summary, results, warnings = [] } = report;
  const counts = Object.entries(summary).filter(([, count]) => count > 0);
  const total = counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const lines = results.flatMap(resultInWords);
  const about = warnings.map((warning) => `warning ${findingInWords(warning)}`);
  return [
    `${file}: ${total || 'no objects'}`,
    ...[...about, ...lines].map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function resultInWords({ index, id, outcome, warnings = [], ...result }: ObjectResult): string[] {
  const name = id ?? `object ${index}`;
  const { code = '', path = '', detail = '' } = result;
  const rejection = outcome === 'rejected' ? [`${name}: rejected ${code} ${path}: ${detail}`] : [];
  return [
    ...rejection,
    ...warnings.map((warning) => `${name}: warning ${findingInWords(warning)}`),
  ];
}
