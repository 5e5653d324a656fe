import { Command } from 'commander';
import { operator } from '../organisations/administer.ts';
import { createGroup, join, leave, readGroups } from '../organisations/groups.ts';
import { print, withStore } from './open.ts';

interface Options {
  name?: string;
  owner: string[];
  member: string[];
  open: boolean;
  hiddenMembers: boolean;
}

const BY = operator('command line');
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
    .action((slug: string, options: Options) =>
      withStore(async ({ db }) => {
        const { name = slug, owner: owners, member: members, open, hiddenMembers } = options;
        const wish = { slug, name, description: '', owners, members, open, hiddenMembers };
        print(await createGroup(db, BY, wish));
      }),
    );
  const list = new Command('list')
    .description('list the sharing groups, one JSON object a line')
    .action(() => withStore(async ({ db }) => print(...(await readGroups(db, BY)))));
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
    .action((group: string, organisation: string) =>
      withStore(({ db }) => verb(db, BY, group, 'member', organisation)),
    );
}
