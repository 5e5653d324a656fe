import { Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import {
  createOrganisation,
  ORGANISATION_KINDS,
  type OrganisationKind,
} from '../organisations/create.ts';
import { TLP_ORDER, type Tlp } from '../stix/tlp.ts';
import { createLog } from '../telemetry.ts';
import { DEFAULT_COMMUNITY } from './bootstrap.ts';
import { openStore } from './open.ts';

interface Options {
  slug?: string;
  name?: string;
  kind: OrganisationKind;
  community: string[];
  ceiling: Tlp;
  defaultTlp: Tlp;
  identity?: string;
}

/** `tocsin org create <slug>` */
export function orgCommand(): Command {
  const create = new Command('create')
    .description('make an organisation and the agreement under which it takes part')
    .argument('[slug]', 'its short name: a-z, 0-9 and -')
    .option('--slug <slug>', 'the same as the argument')
    .option('--name <name>', 'its full name (the slug unless given)')
    .addOption(new Option('--kind <kind>').choices(ORGANISATION_KINDS).default('allied_nation'))
    .option(
      '--community <slug>',
      `a community it is in, repeatable, the first its default; made where new (${DEFAULT_COMMUNITY} unless given)`,
      (slug: string, slugs: string[]) => [...slugs, slug],
      [],
    )
    .addOption(
      new Option('--ceiling <tlp>', 'the highest marking it may share and see')
        .choices(TLP_ORDER)
        .default('red'),
    )
    .addOption(
      new Option('--default-tlp <tlp>', 'the marking of what it shares without one')
        .choices(TLP_ORDER)
        .default('amber'),
    )
    .option('--identity <id>', 'its STIX identity (a new one unless given)')
    .action(run);
  return new Command('org').description('organisations').addCommand(create);
}

async function run(
  argument: string | undefined,
  options: Options,
  command: Command,
): Promise<void> {
  const slug = argument ?? options.slug;
  if (slug === undefined) command.error('error: say the slug of the organisation');
  const { kind, community, ceiling, defaultTlp, identity } = options;
  const config = readConfig();
  const store = await openStore(config, createLog(config.logLevel));
  try {
    const communities = community.length > 0 ? community : [DEFAULT_COMMUNITY];
    const name = options.name ?? slug;
    const wish = { slug, name, kind, communities, ceiling, defaultTlp, identity };
    const made = await createOrganisation(store.db, wish, 'command line');
    process.stdout.write(
      `${JSON.stringify({ slug, name, communities, identity: made.identity })}\n`,
    );
  } finally {
    await store.close();
  }
}
