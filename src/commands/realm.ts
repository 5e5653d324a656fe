import { Command, InvalidArgumentError, Option } from 'commander';
import { operator } from '../organisations/administer.ts';
import { archiveRealm, createRealm, readRealms, wipeRealm } from '../organisations/realms.ts';
import { TLP_ORDER, type Tlp } from '../stix/tlp.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  name?: string;
  from: Date;
  until: Date;
  member: string[];
  ceiling: Tlp;
}

const BY = operator('command line');

/** `tocsin realm create|list|archive|wipe` */
export function realmCommand(): Command {
  const create = new Command('create')
    .description('make an exercise: a realm of its own, apart from production')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .requiredOption('--from <date>', 'when it begins to take content', readDate)
    .requiredOption('--until <date>', 'when it takes no more', readDate)
    .option('--name <name>', 'what its objects say they are of (the slug unless given)')
    .option(
      '--member <slug>',
      'an organisation that takes part, repeatable',
      (slug: string, slugs: string[]) => [...slugs, slug],
      [],
    )
    .addOption(new Option('--ceiling <tlp>').choices(TLP_ORDER).default('amber'))
    .action((slug: string, { name = slug, member: members, ...rest }: Options) =>
      withStore(async ({ db }) =>
        print(await createRealm(db, BY, { ...rest, slug, name, members })),
      ),
    );
  const list = new Command('list')
    .description('list the exercises, one JSON object a line')
    .action(() => withStore(async ({ db }) => print(...(await readRealms(db, BY)))));
  const archive = end('archive', 'make an exercise read only, for good', archiveRealm);
  const wipe = end('wipe', 'take the content of an archived exercise away, for good', wipeRealm);
  const realm = new Command('realm').description('exercises');
  for (const command of [create, list, archive, wipe]) realm.addCommand(command);
  return realm;
}

function end(name: string, description: string, verb: typeof archiveRealm): Command {
  return new Command(name)
    .description(description)
    .argument('<slug>', 'which one')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action((slug: string, { reason }: { reason: string }) =>
      withStore(async ({ db }) => print(await verb(db, BY, slug, reason))),
    );
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Not a date.');
  return date;
}
