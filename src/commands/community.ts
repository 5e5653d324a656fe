import { Command } from 'commander';
import { operator } from '../organisations/administer.ts';
import { createCommunity } from '../organisations/communities.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  name?: string;
  within: string[];
  contains: string[];
}

const gather = (slug: string, slugs: string[]): string[] => [...slugs, slug];

/** `tocsin community create <slug>` */
export function communityCommand(): Command {
  const create = new Command('create')
    .description('make a community')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .option('--name <name>', 'its full name (the slug unless given)')
    .option('--within <slug>', 'a community its members are in too, repeatable', gather, [])
    .option('--contains <slug>', 'a community whose members are in it too, repeatable', gather, [])
    .action((slug: string, { name = slug, within, contains }: Options) =>
      withStore(async ({ db }) => {
        const wish = { slug, name, description: '', within, contains };
        print(await createCommunity(db, operator('command line'), wish));
      }),
    );
  return new Command('community').description('communities').addCommand(create);
}
