import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { accept } from '../indicators/accept.ts';
import { chooseAudience } from '../indicators/audience.ts';
import { sharingContext, type SharingContext } from '../indicators/context.ts';
import type { ObjectResult } from '../indicators/results.ts';
import { memberOfOrganisation } from '../access/authenticate.ts';
import { startSequencer } from '../log/sequencer.ts';
import { commandLog, openInstallation } from './open.ts';
import { print, printText } from './output.ts';
import { readStixFile } from './stix-file.ts';

interface Options {
  org: string;
  realm?: string;
  audience?: string[];
  dryRun: boolean;
  json: boolean;
}

interface FileReport {
  readonly file: string;
  readonly error?: string;
  readonly results: readonly ObjectResult[];
}

/** `tocsin import FILE… --org <slug> [--realm <slug>]` */
export function importCommand(): Command {
  return new Command('import')
    .description('share the objects of STIX bundles as an organisation')
    .argument('<files...>', 'STIX bundles or objects, or files with one object a line')
    .requiredOption('--org <slug>', 'who shares them')
    .option(
      '--audience <slug>',
      'with whom, repeatable (its default community unless given)',
      (slug: string, slugs: string[] | undefined) => [...(slugs ?? []), slug],
    )
    .option('--realm <slug>', 'the exercise in which (production unless given)')
    .option('--dry-run', 'only say what would happen', false)
    .option('--json', 'one JSON object a file, with a result for every object', false)
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  const config = readConfig();
  const log = commandLog(config);
  const store = await openInstallation(config, log);
  const sequencer = startSequencer({
    db: store.db,
    onHead: () => undefined,
    onError: (error) => log.warn({ err: error }, 'the inbox could not be sequenced'),
  });
  const { quotas, unknownTlp } = config;
  const { db } = store;
  const context = sharingContext({ db, clock: systemClock, quotas, unknownTlp, sequencer });
  try {
    for (const file of files) {
      const report = await importFile(context, file, options);
      if (options.json) print(report);
      else printText(inWords(report));
      if (report.error !== undefined || report.results.some((r) => r.outcome === 'rejected')) {
        process.exitCode = 1;
      }
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
): Promise<FileReport> {
  const { db } = context;
  const read = await readStixFile(file);
  if ('error' in read)
    return { file, error: `${read.error.code}: ${read.error.detail}`, results: [] };
  const member = await memberOfOrganisation(db, options.org, 'import', options.realm);
  const audience = await chooseAudience(db, member, options.audience);
  try {
    const { objects, specVersion: bundleVersion } = read;
    const { dryRun } = options;
    const input = { member, audience, atomic: false, dryRun };
    const results = await accept(context, { objects, bundleVersion }, input);
    return { file, results };
  } catch (error) {
    // What is wrong with one file must not end the import of the others.
    if (error instanceof Problem)
      return { file, error: `${error.code}: ${error.message}`, results: [] };
    throw error;
  }
}

function inWords({ file, error, results }: FileReport): string {
  if (error !== undefined) return `${file}: ${error}\n`;
  const counts = new Map<string, number>();
  for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const summary = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const rejected = results
    .filter(({ outcome }) => outcome === 'rejected')
    .map(
      ({ index, id, code, path, detail }) =>
        `  ${id ?? `object ${index}`} ${code ?? ''} ${path ?? ''}: ${detail ?? ''}\n`,
    );
  return `${file}: ${summary || 'no objects'}\n${rejected.join('')}`;
}
