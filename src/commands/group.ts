import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { toGroup, toGroupInvitation } from '../http/rest/member-answers.ts';
import { GroupChange, NewGroup } from '../http/rest/schemas/group.ts';
import { operator, type Administrator } from '../access/administer.ts';
import {
  changeGroup,
  createGroup,
  join,
  leave,
  readGroup,
  readGroupInvitations,
  readGroups,
  type GroupContext,
} from '../members/groups.ts';
import { realmOf } from '../access/named-realm.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Part } from '../store/members/groups.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import { asServer } from '../store/postgres/transaction.ts';
import { gather, inputOf } from './input.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Where {
  realm?: string;
}

interface PartOptions extends Where {
  owner: boolean;
}

interface CreateOptions extends Where {
  readonly name?: string;
  readonly description?: string;
  readonly owner: string[];
  readonly member?: string[];
  readonly open?: boolean;
  readonly hiddenMembers?: boolean;
  readonly direct?: boolean;
}

const REALM = ['--realm <slug>', 'the exercise that it is in (default: production)'] as const;
const OWNER = ['--owner', 'as an owner instead of a member', false] as const;

/** `tocsin group create|add|remove|list|admission|invitations|accept|decline` */
export function groupCommand(): Command {
  const group = new Command('group').description('sharing groups');
  const commands = [create(), add(), remove(), list(), admission(), invitations()];
  for (const command of [...commands, accept(), decline()]) group.addCommand(command);
  return group;
}

function create(): Command {
  return new Command('create')
    .description('create a sharing group; its members are invited unless admission is direct')
    .argument('<slug>', 'its short name: a-z, 0-9 and -')
    .requiredOption(
      '--owner <slug>',
      'an organisation that owns it, repeatable; the first one creates it and is a member',
      gather,
    )
    .option('--member <slug>', 'an organisation that is invited, repeatable', gather)
    .option('--name <name>', 'its full name (default: the slug)')
    .option('--description <text>', 'what it is for')
    .option('--open', 'any organisation may join by itself')
    .option('--hidden-members', 'members see the group but not each other')
    .option('--direct', 'owners add members without an invitation')
    .option(...REALM)
    .action((slug: string, options: CreateOptions) => {
      const { name, description, open, owner: owners, member: members } = options;
      const admission = options.direct === true ? 'direct' : undefined;
      const facts = { slug, name, description, open, admission, owners, members };
      const body = { ...facts, hidden_members: options.hiddenMembers };
      const { hidden_members: hiddenMembers, ...input } = inputOf(NewGroup, body);
      return withGroups(async (context) => {
        const by = await operatorIn(context.db, options);
        print(toGroup(await createGroup(context, by, { ...input, hiddenMembers })));
      });
    });
}

function list(): Command {
  return new Command('list')
    .description('list the sharing groups, one JSON object a line')
    .option(...REALM)
    .action((where: Where) =>
      withGroups(async ({ db }) => {
        print(...(await readGroups(db, await operatorIn(db, where))).map(toGroup));
      }),
    );
}

function admission(): Command {
  return new Command('admission')
    .description('set how others bring organisations into a group; its members stay')
    .argument('<group>', 'its slug')
    .argument('<admission>', 'invitation or direct')
    .option(...REALM)
    .action((group: string, wanted: string, where: Where) => {
      const { admission: chosen } = inputOf(GroupChange, { admission: wanted });
      return withGroups(async ({ db }) => {
        const by = await operatorIn(db, where);
        print(toGroup(await changeGroup(db, by, group, { admission: chosen })));
      });
    });
}

function add(): Command {
  return part('add', 'invite an organisation into a group').action(
    (group: string, organisation: string, options: PartOptions) =>
      withGroups(async (context) => {
        const by = await operatorIn(context.db, options);
        await join(context, by, group, partOf(options), organisation);
        print(toGroup(await readGroup(context.db, by, group)));
      }),
  );
}

function remove(): Command {
  return part('remove', 'remove an organisation from a group, or withdraw its invitation').action(
    (group: string, organisation: string, options: PartOptions) =>
      withGroups(async (context) => {
        const by = await operatorIn(context.db, options);
        await leave(context, by, group, partOf(options), organisation);
        print(toGroup(await readGroup(context.db, by, group)));
      }),
  );
}

function invitations(): Command {
  return new Command('invitations')
    .description('list the invitations of an organisation, one JSON object a line')
    .argument('<organisation>', 'its slug')
    .option(...REALM)
    .action((organisation: string, where: Where) =>
      withGroups(async ({ db }) => {
        const by = await actingFor(db, organisation, where);
        print(...(await readGroupInvitations(db, by)).map(toGroupInvitation));
      }),
    );
}

function accept(): Command {
  return part('accept', 'accept an invitation for an organisation').action(
    (group: string, organisation: string, options: PartOptions) =>
      withGroups(async (context) => {
        const by = await actingFor(context.db, organisation, options);
        await join(context, by, group, partOf(options), organisation);
        print(toGroup(await readGroup(context.db, by, group)));
      }),
  );
}

function decline(): Command {
  return part('decline', 'decline an invitation for an organisation').action(
    (group: string, organisation: string, options: PartOptions) =>
      withGroups(async (context) => {
        const by = await actingFor(context.db, organisation, options);
        await leave(context, by, group, partOf(options), organisation);
        const operator = await operatorIn(context.db, options);
        print(toGroup(await readGroup(context.db, operator, group)));
      }),
  );
}

/** A command about one organisation's part in a group. */
function part(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<group>', 'its slug')
    .argument('<organisation>', 'its slug')
    .option(...OWNER)
    .option(...REALM);
}

function partOf({ owner }: PartOptions): Part {
  return owner ? 'owner' : 'member';
}

function withGroups(work: (context: GroupContext) => Promise<void>): Promise<void> {
  return withStore(({ db }) => work({ db, quotas: readConfig().quotas.groups }));
}

/** Throws Problem realm_unknown. */
async function operatorIn(db: Database, { realm }: Where): Promise<Administrator> {
  const by = operator('command line');
  if (realm === undefined) return by;
  return { ...by, realmId: await asServer(db, (tx) => realmOf(tx, realm)) };
}

/** The operator in the name of an organisation, with no more rights than its publishers have. */
async function actingFor(db: Database, slug: string, where: Where): Promise<Administrator> {
  const by = await operatorIn(db, where);
  const id = await findOrganisationId(db.server, slug);
  if (id === undefined) {
    throw new Problem('organisation_unknown', `There is no organisation ${slug}`);
  }
  return { ...by, role: 'publisher', redClearance: false, organisation: { id, slug } };
}
