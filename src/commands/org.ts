import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { operator } from '../organisations/administer.ts';
import {
  createOrganisation,
  ORGANISATION_KINDS,
  type OrganisationKind,
} from '../organisations/create.ts';
import { changeOrganisation, readDirectory, type Status } from '../organisations/directory.ts';
import { TLP_ORDER, type Tlp } from '../stix/tlp.ts';
import { DEFAULT_COMMUNITY } from './bootstrap.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  slug?: string;
  name?: string;
  kind: OrganisationKind;
  community: string[];
  ceiling: Tlp;
  defaultTlp: Tlp;
  identity?: string;
}

/** `tocsin org create|suspend|activate <slug>` and `org list` */
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
  const list = new Command('list')
    .description('list the organisations, one JSON object a line')
    .action(() => withStore(async ({ db }) => print(...(await readDirectory(db, BY)))));
  const org = new Command('org').description('organisations');
  const suspend = standing('suspend', 'suspended', 'let it see and share nothing for now');
  const activate = standing('activate', 'active', 'let it take part');
  for (const command of [create, list, suspend, activate]) org.addCommand(command);
  return org;
}

const ACTOR = 'command line';
const BY = operator(ACTOR);

function standing(name: string, status: Status, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<slug>', 'its short name')
    .action((slug: string) =>
      withStore(async ({ db }) => {
        await changeOrganisation(db, BY, slug, { status }, systemClock.now());
        print({ slug, status });
      }),
    );
}

async function run(
  argument: string | undefined,
  options: Options,
  command: Command,
): Promise<void> {
  const slug = argument ?? options.slug;
  if (slug === undefined) command.error('error: say the slug of the organisation');
  const { kind, community, ceiling, defaultTlp, identity } = options;
  const communities = community.length > 0 ? community : [DEFAULT_COMMUNITY];
  const name = options.name ?? slug;
  await withStore(async ({ db }) => {
    const wish = { slug, name, kind, communities, ceiling, defaultTlp, identity };
    const made = await createOrganisation(db, wish, ACTOR);
    print({ slug, name, communities, identity: made.identity });
  });
}
