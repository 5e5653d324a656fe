import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { operator } from '../organisations/administer.ts';
import { inviteUser, readUsers, USER_ROLES, type UserRole } from '../organisations/user-acts.ts';
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

/** `tocsin user create --org <slug> --email <address> --role <role>` and `user list` */
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
  for (const command of [create, list]) user.addCommand(command);
  return user;
}

async function run({ org, email, name, role, redClearance }: Options): Promise<void> {
  const { publicUrl, host, port } = readConfig();
  await withStore(async ({ db }) => {
    const wish = { organisation: org, email, name: name ?? email, role, redClearance };
    const { token } = await inviteUser(db, BY, wish, systemClock.now());
    const base = publicUrl ?? `http://${host}:${port}`;
    printText(`${base}/#/invitation/${token}\n`);
  });
}
