import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { operator } from '../organisations/administer.ts';
import {
  changeUser,
  inviteUser,
  readUsers,
  USER_ROLES,
  type UserRole,
} from '../organisations/user-acts.ts';
import {
  renewLink,
  resetIdentity,
  resetSecondFactor,
  vouchFor,
} from '../organisations/user-resets.ts';
import { endSessionsOf, readSessionsOf } from '../organisations/user-sessions.ts';
import type { Database } from '../store/database.ts';
import { findAddress } from './address.ts';
import { withStore } from './open.ts';
import { print, printText } from './output.ts';

/** Who the audit names. */
const BY = operator('command line');

interface Options {
  org: string;
  email: string;
  name?: string;
  role: UserRole;
  redClearance: boolean;
}

/** `tocsin user create --org <slug> --email <address> --role <role>`, `user list`, `user disable <email>` … */
export function userCommand(): Command {
  const create = new Command('create')
    .description('invite a user, and print the link by which that person comes in, this once')
    .requiredOption('--org <slug>', 'whose user it is')
    .requiredOption('--email <address>', 'who it is')
    .option('--name <name>', 'the full name (the address unless given)')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(USER_ROLES).makeOptionMandatory(),
    )
    .option('--red-clearance', 'let the user see TLP:RED', false)
    .action(run);
  const list = new Command('list')
    .description('list users, one JSON object a line, without what opens anything')
    .option('--org <slug>', 'only those of this organisation')
    .action(({ org }: { org?: string }) =>
      withStore(async ({ db }) => print(...(await readUsers(db, BY, org)))),
    );
  const user = new Command('user').description('people who sign in');
  for (const command of [create, list, ...acts()]) user.addCommand(command);
  return user;
}

type Act = (db: Database, id: string, now: Date) => Promise<unknown>;

/** What the operator does with one user, by their address. */
const ACTS: readonly (readonly [name: string, description: string, act: Act])[] = [
  [
    'disable',
    'disable a user, and end their sessions, keys and invitations',
    (db, id, now) => changeUser(db, BY, id, { status: 'disabled' }, now),
  ],
  [
    'sessions',
    'list the open sessions of a user, one JSON object a line',
    async (db, id) => print(...(await readSessionsOf({ db, clock: systemClock }, BY, id))),
  ],
  [
    'end-sessions',
    'end all sessions of a user',
    (db, id) => endSessionsOf({ db, clock: systemClock }, BY, id),
  ],
  [
    'reset-password',
    'print a link, this once, by which a user sets a new password',
    async (db, id, now) => printLink((await renewLink(db, BY, id, now)).token),
  ],
  [
    'reset-second-factor',
    'remove the second factor of a user',
    (db, id, now) => resetSecondFactor(db, BY, id, now),
  ],
  [
    'unlink',
    'unbind a user from the identity provider',
    (db, id, now) => resetIdentity(db, BY, id, now),
  ],
  [
    'vouch',
    'declare that a user is another person than whoever invited or promoted them',
    (db, id) => vouchFor(db, BY, id),
  ],
];

function acts(): Command[] {
  return ACTS.map(([name, description, act]) =>
    new Command(name)
      .description(description)
      .argument('<email>', 'the address of the user')
      .action((email: string) =>
        withStore(async ({ db }) => {
          const users = await readUsers(db, BY);
          const user = users.find((one) => one.email === email.toLowerCase());
          if (user === undefined) throw new Problem('not_found', `There is no user ${email}`);
          await act(db, user.id, systemClock.now());
        }),
      ),
  );
}

async function run({ org, email, name, role, redClearance }: Options): Promise<void> {
  await withStore(async ({ db }) => {
    const wish = { organisation: org, email, name: name ?? email, role, redClearance };
    const { token } = await inviteUser(db, BY, wish, systemClock.now());
    await printLink(token);
  });
}

async function printLink(token: string): Promise<void> {
  printText(`${await findAddress(readConfig())}/#/invitation/${token}\n`);
}
