import { Command } from 'commander';
import { toCommunity } from '../http/rest/member-answers.ts';
import { NewCommunity } from '../http/rest/schemas/group.ts';
import { operator } from '../access/administer.ts';
import { createCommunity, readCommunities } from '../members/communities.ts';
import { deleteCommunity } from '../members/deletions.ts';
import { gather, inputOf } from './input.ts';
import { withStore } from './open.ts';
import { confirm, print } from './output.ts';

interface Options {
  readonly name?: string;
  readonly description?: string;
  readonly within?: string[];
  readonly contains?: string[];
}

const BY = operator('command line');

/** `tocsin community create|list|delete` */
export function communityCommand(): Command {
  const create = new Command('create')
    .description('create a community')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .option('--name <name>', 'its full name (default: the slug)')
    .option('--description <text>', 'what it is for')
    .option('--within <slug>', 'a community its members are in too, repeatable', gather)
    .option('--contains <slug>', 'a community whose members are in it too, repeatable', gather)
    .action(async (slug: string, options: Options) => {
      const input = inputOf(NewCommunity, { slug, ...options });
      await withStore(async ({ db }) => print(toCommunity(await createCommunity(db, BY, input))));
    });
  const list = new Command('list')
    .description('list the communities, one JSON object per line')
    .action(() =>
      withStore(async ({ db }) => print(...(await readCommunities(db, BY, [])).map(toCommunity))),
    );
  const remove = new Command('delete')
    .description('delete a community that nothing refers to')
    .argument('<slug>', 'its short name')
    .action((slug: string) =>
      withStore(async ({ db }) => {
        await deleteCommunity(db, BY, slug);
        confirm(`Deleted the community ${slug}.`);
      }),
    );
  const community = new Command('community').description('communities');
  return community.addCommand(create).addCommand(list).addCommand(remove);
}
