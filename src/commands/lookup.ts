import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { memberOfOrganisation } from '../access/authenticate.ts';
import { gatherDisclosures } from '../audit/disclosures.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { lookUp, LOOKUP_PART } from '../reading/lookup.ts';
import { NO_QUOTA, type MemberReading } from '../reading/metered.ts';
import { MODES, type MatchOptions, type Mode } from '../stix/lookup/candidates.ts';
import type { Hit, LookupResult } from '../stix/lookup/results.ts';
import { commandLogger, openInstallation } from './open.ts';
import { printJson, printText } from './output.ts';

interface Options {
  org: string;
  realm?: string;
  match: readonly Mode[];
  subdomains: boolean;
  json: boolean;
}

/** `tocsin lookup VALUE… --org <slug>`; `-` reads values from standard input, one a line. */
export function lookupCommand(): Command {
  return new Command('lookup')
    .description(
      'say what an organisation may know about IPs, domains, URLs, hashes and other values',
    )
    .argument('<values...>', 'the values; - reads them from standard input, one per line')
    .requiredOption('--org <slug>', 'who looks them up')
    .option('--realm <slug>', 'the exercise in which (production unless given)')
    .option('--match <modes>', `which matches count: ${MODES.join(', ')}`, toModes, [...MODES])
    .option('--subdomains', 'let a listed domain match its sub-domains', false)
    .option('--json', 'one JSON object a value, as REST answers', false)
    .action(run);
}

function toModes(text: string): Mode[] {
  const asked = text.split(',');
  const modes = asked.filter((mode): mode is Mode => (MODES as readonly string[]).includes(mode));
  if (modes.length === asked.length) return modes;
  throw new InvalidArgumentError(`Use a list of ${MODES.join(', ')}, separated by commas.`);
}

async function run(values: string[], options: Options): Promise<void> {
  const config = readConfig();
  const logger = commandLogger(config);
  const store = await openInstallation(config, logger);
  const { db } = store;
  const disclosures = gatherDisclosures(db, (error) =>
    logger.warn({ err: error }, 'disclosures could not be recorded'),
  );
  try {
    const member = await memberOfOrganisation(db, options.org, 'lookup', options.realm);
    const reading = { db, member, disclosures, quota: NO_QUOTA };
    for await (const part of inParts(values)) await lookUpPart(reading, part, options);
  } finally {
    await disclosures.close();
    await store.close();
  }
}

async function lookUpPart(
  reading: MemberReading,
  values: readonly string[],
  { match, subdomains, json }: Options,
): Promise<void> {
  const options: MatchOptions = { modes: new Set(match), subdomains };
  const asked = values.map((value) => ({ value }));
  const results = await lookUp(reading, { values: asked, options, now: systemClock.now() });
  for (const result of results) {
    if (json) await printJson(JSON.stringify(result));
    else printText(inWords(result));
  }
}

async function* inParts(values: readonly string[]): AsyncGenerator<string[]> {
  let part: string[] = [];
  for await (const value of allOf(values)) {
    part.push(value);
    if (part.length < LOOKUP_PART) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

async function* allOf(values: readonly string[]): AsyncGenerator<string> {
  for (const value of values) {
    if (value !== '-') yield value;
    else {
      for await (const line of createInterface({ input: process.stdin })) {
        if (line.trim() !== '') yield line;
      }
    }
  }
}

function inWords({ value, understood, verdict, hits, truncated, error }: LookupResult): string {
  if (error !== undefined) return `${value}: ${error.code}: ${error.detail}\n`;
  const shown = understood === null ? '' : ` (${understood.type} ${understood.value})`;
  const more = truncated ? '  … and more\n' : '';
  return `${value}${shown}: ${verdict}\n${hits.map(hitInWords).join('')}${more}`;
}

function hitInWords(hit: Hit): string {
  const { match, matched, state, id, name, tlp, shared_by: sharedBy, related } = hit;
  const what = match === 'exact' ? match : `${match} ${matched.value}`;
  const context = hit.context === null ? 'excluded' : hit.context;
  const about = related.map((one) => `${one.type} ${one.name ?? one.id}`).join(', ');
  const lines = [
    `  ${what}, ${context}, ${state}, TLP:${tlp.toUpperCase()}, shared by ${sharedBy}: ${name ?? id}`,
    ...(about === '' ? [] : [`    related to ${about}`]),
  ];
  return `${lines.join('\n')}\n`;
}
