import { Command } from 'commander';
import { operator, type Administrator } from '../organisations/administer.ts';
import { createGroup, join, leave, readGroups } from '../organisations/groups.ts';
import { realmOf } from '../organisations/named-realm.ts';
import { asServer } from '../store/transaction.ts';
import type { Database } from '../store/database.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Where {
  realm?: string;
}

interface Options extends Where {
  name?: string;
  owner: string[];
  member: string[];
  open: boolean;
  hiddenMembers: boolean;
}

const REALM = ['--realm <slug>', 'the exercise that it is in (production unless given)'] as const;
const gather = (slug: string, slugs: string[]): string[] => [...slugs, slug];

/** `tocsin group create|add|remove|list` */
export function groupCommand(): Command {
  const create = new Command('create')
    .description('make a sharing group')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .requiredOption('--owner <slug>', 'an organisation that keeps it, repeatable', gather, [])
    .option('--member <slug>', 'an organisation that is in it, repeatable', gather, [])
    .option('--name <name>', 'its full name (the slug unless given)')
    .option('--open', 'any organisation may join by itself', false)
    .option('--hidden-members', 'members see the group but not each other', false)
    .option(...REALM)
    .action((slug: string, options: Options) =>
      withStore(async ({ db }) => {
        const { name = slug, owner: owners, member: members, open, hiddenMembers } = options;
        const wish = { slug, name, description: '', owners, members, open, hiddenMembers };
        print(await createGroup(db, await operatorIn(db, options), wish));
      }),
    );
  const list = new Command('list')
    .description('list the sharing groups, one JSON object a line')
    .option(...REALM)
    .action((where: Where) =>
      withStore(async ({ db }) => print(...(await readGroups(db, await operatorIn(db, where))))),
    );
  const group = new Command('group').description('sharing groups');
  const add = change('add', 'bring an organisation into a group', join);
  const remove = change('remove', 'take an organisation out of a group', leave);
  for (const command of [create, add, remove, list]) group.addCommand(command);
  return group;
}

function change(name: string, description: string, verb: typeof join): Command {
  return new Command(name)
    .description(description)
    .argument('<group>', 'its slug')
    .argument('<organisation>', 'its slug')
    .option(...REALM)
    .action((group: string, organisation: string, where: Where) =>
      withStore(async ({ db }) => {
        await verb(db, await operatorIn(db, where), group, 'member', organisation);
      }),
    );
}

/** Throws Problem realm_unknown. */
async function operatorIn(db: Database, { realm }: Where): Promise<Administrator> {
  const by = operator('command line');
  if (realm === undefined) return by;
  return { ...by, realmId: await asServer(db, (tx) => realmOf(tx, realm)) };
}
