import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { NewUser } from '../http/rest/schemas/user.ts';
import { toSession } from '../http/rest/session-answers.ts';
import { toInvited, toUser } from '../http/rest/user-answers.ts';
import { operator } from '../access/administer.ts';
import { deleteUser } from '../members/deletions.ts';
import { changeUser, inviteUser, readUser, readUsers, USER_ROLES } from '../access/user-acts.ts';
import {
  renewLink,
  resetIdentity,
  resetSecondFactor,
  vouchFor,
  type Invited,
} from '../access/user-resets.ts';
import { endSessionsOf, readSessionsOf } from '../access/user-sessions.ts';
import type { Database } from '../store/postgres/database.ts';
import { findAddress } from './address.ts';
import { inputOf } from './input.ts';
import { withStore } from './open.ts';
import { confirm, print, printText } from './output.ts';

/** Who the audit names. */
const BY = operator('command line');

interface Options {
  readonly org: string;
  readonly email: string;
  readonly name?: string;
  readonly json: boolean;
  readonly role: string;
  readonly redClearance?: boolean;
}

/** `tocsin user create --org <slug> --email <address> --role <role>`, `user list`, `user disable <email>` … */
export function userCommand(): Command {
  const create = new Command('create')
    .description('invite a user, and print the link with which they set a password, only once')
    .requiredOption('--org <slug>', 'whose user it is')
    .requiredOption('--email <address>', 'who it is')
    .option('--name <name>', 'the full name (default: the address)')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(USER_ROLES).makeOptionMandatory(),
    )
    .option('--red-clearance', 'let the user see TLP:RED')
    .option(...JSON_OPTION)
    .action(run);
  const list = new Command('list')
    .description('list users, one JSON object per line, without secrets')
    .option('--org <slug>', 'only those of this organisation')
    .action(({ org }: { readonly org?: string }) =>
      withStore(async ({ db }) =>
        print(...(await readUsers(db, BY, { organisation: org })).map(toUser)),
      ),
    );
  const user = new Command('user').description('people who sign in');
  for (const command of [create, list, ...acts()]) user.addCommand(command);
  return user;
}

const JSON_OPTION = ['--json', 'print the user as JSON, with the link in it', false] as const;

interface ActInput {
  readonly db: Database;
  readonly id: string;
  readonly now: Date;
  readonly json: boolean;
}

type Act = (input: ActInput) => Promise<void>;

async function printUser(db: Database, id: string): Promise<void> {
  print(toUser(await readUser(db, BY, id)));
}

/** What the operator does with one user, by their address. Each prints what came of it. */
const ACTS: readonly (readonly [name: string, description: string, act: Act])[] = [
  [
    'disable',
    'disable a user, and end their sessions, keys and invitations',
    async ({ db, id, now }) => {
      print(toUser(await changeUser(db, BY, id, { status: 'disabled' }, now)));
    },
  ],
  [
    'delete',
    'delete a user; what they did stays in the audit',
    async ({ db, id, now }) => {
      const { email } = await deleteUser(db, BY, id, now);
      confirm(`Deleted the user ${email}.`);
    },
  ],
  [
    'sessions',
    'list the open sessions of a user, one JSON object a line',
    async ({ db, id }) => {
      const found = await readSessionsOf({ db, clock: systemClock }, BY, id);
      print(...found.map((session) => toSession(session, undefined)));
    },
  ],
  [
    'end-sessions',
    'end all sessions of a user',
    async ({ db, id }) => {
      await endSessionsOf({ db, clock: systemClock }, BY, id);
      await printUser(db, id);
    },
  ],
  [
    'reset-password',
    'print a link, only once, with which a user sets a new password',
    async ({ db, id, now, json }) => printLink(await renewLink(db, BY, id, now), json),
  ],
  [
    'reset-second-factor',
    'remove the second factor of a user',
    async ({ db, id, now }) => {
      await resetSecondFactor(db, BY, id, now);
      await printUser(db, id);
    },
  ],
  [
    'unlink',
    'unlink a user from the identity provider',
    async ({ db, id, now }) => {
      await resetIdentity(db, BY, id, now);
      await printUser(db, id);
    },
  ],
  [
    'vouch',
    'declare that a user is another person than the one who invited or promoted them',
    async ({ db, id }) => {
      await vouchFor(db, BY, id);
      await printUser(db, id);
    },
  ],
];

function acts(): Command[] {
  return ACTS.map(([name, description, act]) => {
    const command = new Command(name);
    if (name === 'reset-password') command.option(...JSON_OPTION);
    return command
      .description(description)
      .argument('<email>', 'the address of the user')
      .option(
        '--org <slug>',
        'the organisation of the user, if several have a user with this address',
      )
      .action((email: string, { org, json = false }: { org?: string; json?: boolean }) =>
        withStore(async ({ db }) => {
          await act({ db, id: await idOf(db, email, org), now: systemClock.now(), json });
        }),
      );
  });
}

/** Throws Problem not_found, or organisation_needed where several users have the address. */
async function idOf(db: Database, email: string, org: string | undefined): Promise<string> {
  const users = await readUsers(db, BY, { organisation: org });
  const [user, another] = users.filter((one) => one.email === email.toLowerCase());
  if (user === undefined) throw new Problem('not_found', `There is no user ${email}`);
  if (another === undefined) return user.id;
  throw new Problem('organisation_needed', `Several users have the address ${email}: add --org`);
}

async function run({ org, redClearance, json, ...rest }: Options): Promise<void> {
  const { email, name, role } = rest;
  const body = { organisation: org, email, name, role, red_clearance: redClearance };
  const { red_clearance, ...input } = inputOf(NewUser, body);
  await withStore(async ({ db }) => {
    const invited = { ...input, organisation: org, redClearance: red_clearance };
    await printLink(await inviteUser(db, BY, invited, systemClock.now()), json);
  });
}

async function printLink(invited: Invited, json: boolean): Promise<void> {
  const answer = toInvited(invited, await findAddress(readConfig()));
  if (json) print(answer);
  else printText(`${answer.invitation.link}\n`);
}
