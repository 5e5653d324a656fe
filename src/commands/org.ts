import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { toOrganisation } from '../http/rest/member-answers.ts';
import { NewOrganisation } from '../http/rest/schemas/organisation.ts';
import { operator } from '../access/administer.ts';
import { admitOrganisation, DEFAULT_COMMUNITY, ORGANISATION_KINDS } from '../members/create.ts';
import { deleteOrganisation } from '../members/deletions.ts';
import {
  changeOrganisation,
  readDirectory,
  readOrganisation,
  type Status,
} from '../members/directory.ts';
import { TLP_ORDER } from '../stix/marking/tlp.ts';
import { gather, inputOf } from './input.ts';
import { withStore } from './open.ts';
import { confirm, print } from './output.ts';

interface Options {
  readonly slug?: string;
  readonly name?: string;
  readonly kind: string;
  readonly country?: string;
  readonly community?: string[];
  readonly ceiling?: string;
  readonly defaultTlp?: string;
  readonly identity?: string;
}

const BY = operator('command line');

/** `tocsin org create|list|suspend|activate|delete` */
export function orgCommand(): Command {
  const list = new Command('list')
    .description('list the organisations, one JSON object per line')
    .action(() =>
      withStore(async ({ db }) => {
        const found = await readDirectory(db, BY);
        print(...found.map((one) => toOrganisation(one, BY)));
      }),
    );
  const org = new Command('org').description('organisations');
  const suspend = setStatus(
    'suspend',
    'suspended',
    'suspend an organisation, so that it can neither see nor share anything',
  );
  const activate = setStatus('activate', 'active', 'activate an organisation');
  const remove = new Command('delete')
    .description('delete an organisation without keys, users and groups')
    .argument('<slug>', 'its short name')
    .action((slug: string) =>
      withStore(async ({ db }) => {
        await deleteOrganisation(db, BY, slug);
        confirm(`Deleted the organisation ${slug}.`);
      }),
    );
  for (const command of [createCommand(), list, suspend, activate, remove]) org.addCommand(command);
  return org;
}

function createCommand(): Command {
  return new Command('create')
    .description('create an organisation and the agreements under which it takes part')
    .argument('[slug]', 'its short name: a-z, 0-9 and -')
    .option('--slug <slug>', 'the same as the argument')
    .option('--name <name>', 'its full name (default: the slug)')
    .addOption(new Option('--kind <kind>').choices(ORGANISATION_KINDS).default('allied_nation'))
    .option('--country <code>', 'two letters, such as NO')
    .option(
      '--community <slug>',
      `a community it is in, repeatable, the first its default (default: ${DEFAULT_COMMUNITY})`,
      gather,
    )
    .addOption(
      new Option(
        '--ceiling <tlp>',
        'the highest marking it may share and see (default: amber)',
      ).choices(TLP_ORDER),
    )
    .addOption(
      new Option(
        '--default-tlp <tlp>',
        'of what it shares without a marking (default: amber)',
      ).choices(TLP_ORDER),
    )
    .option('--identity <id>', 'its STIX identity (default: a new one)')
    .action(create);
}

function setStatus(name: string, status: Status, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<slug>', 'its short name')
    .action((slug: string) =>
      withStore(async ({ db }) => {
        const changed = await changeOrganisation(db, BY, slug, { status }, systemClock.now());
        print(toOrganisation(changed, BY));
      }),
    );
}

async function create(
  argument: string | undefined,
  options: Options,
  command: Command,
): Promise<void> {
  const slug = argument ?? options.slug;
  if (slug === undefined) command.error('error: missing the slug of the organisation');
  const { name, kind, country, community: communities, identity } = options;
  const { ceiling, defaultTlp: default_tlp } = options;
  const body = { slug, name, kind, country, communities, ceiling, default_tlp, identity };
  const { default_tlp: defaultTlp, ...input } = inputOf(NewOrganisation, body);
  await withStore(async ({ db }) => {
    await admitOrganisation(db, { ...input, defaultTlp }, BY);
    print(toOrganisation(await readOrganisation(db, BY, slug), BY));
  });
}
