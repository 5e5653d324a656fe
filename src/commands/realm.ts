import { Command, Option } from 'commander';
import { toRealm } from '../http/rest/member-answers.ts';
import { NewRealm, RealmEnd } from '../http/rest/schemas/realm.ts';
import { operator } from '../access/administer.ts';
import { archiveRealm, createRealm, readRealms, wipeRealm } from '../members/realms.ts';
import { TLP_ORDER } from '../stix/marking/tlp.ts';
import { gather, inputOf, readTime } from './input.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  readonly name?: string;
  readonly from: string;
  readonly until: string;
  readonly member?: string[];
  readonly ceiling?: string;
}

const BY = operator('command line');

/** `tocsin realm create|list|archive|wipe` */
export function realmCommand(): Command {
  const create = new Command('create')
    .description('create an exercise, a realm separate from production')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .requiredOption('--from <date>', 'when it begins to take content', readTime)
    .requiredOption('--until <date>', 'when it takes no more', readTime)
    .option('--name <name>', 'the name in its objects (default: the slug)')
    .option('--member <slug>', 'an organisation that takes part, repeatable', gather)
    .addOption(new Option('--ceiling <tlp>', '(default: amber)').choices(TLP_ORDER))
    .action(async (slug: string, { member: members, ...rest }: Options) => {
      const input = inputOf(NewRealm, { ...rest, slug, members });
      await withStore(async ({ db }) => print(toRealm(await createRealm(db, BY, input))));
    });
  const list = new Command('list')
    .description('list the exercises, one JSON object per line')
    .action(() => withStore(async ({ db }) => print(...(await readRealms(db, BY)).map(toRealm))));
  const archive = end('archive', 'make an exercise read-only permanently', archiveRealm);
  const wipe = end('wipe', 'delete the content of an archived exercise permanently', wipeRealm);
  const realm = new Command('realm').description('exercises');
  for (const command of [create, list, archive, wipe]) realm.addCommand(command);
  return realm;
}

function end(name: string, description: string, verb: typeof archiveRealm): Command {
  return new Command(name)
    .description(description)
    .argument('<slug>', 'which one')
    .requiredOption('--reason <text>', 'the reason, which is stored')
    .action(async (slug: string, options: { readonly reason: string }) => {
      const { reason } = inputOf(RealmEnd, options);
      await withStore(async ({ db }) => print(toRealm(await verb(db, BY, slug, reason))));
    });
}
