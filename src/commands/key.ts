import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { createKey } from '../organisations/create.ts';
import { ROLES, type Role } from '../sharing/member.ts';
import { operator } from '../organisations/administer.ts';
import { readKeys, revokeKey } from '../organisations/key-acts.ts';
import { withStore } from './open.ts';
import { print, printText } from './output.ts';

/** Who the audit names. */
const ACTOR = 'command line';

interface Options {
  org: string;
  realm?: string;
  role: Role;
  label: string;
  expires?: Date;
}

/** `tocsin key create --org <slug> --role <role>`, `key list` and `key revoke <id>` */
export function keyCommand(): Command {
  const create = new Command('create')
    .description('make a key and print it, this once')
    .requiredOption('--org <slug>', 'whose key it is')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--realm <slug>', 'the exercise that it is for (production unless given)')
    .option('--label <text>', 'what it is for', '')
    .option('--expires <date>', 'when it ends, such as 2030-01-01', readDate)
    .action(run);
  const list = new Command('list')
    .description('list keys, one JSON object a line, without what opens anything')
    .option('--org <slug>', 'only those of this organisation')
    .action(({ org }: { org?: string }) =>
      withStore(async ({ db }) =>
        print(...(await readKeys(db, operator(ACTOR), { organisation: org }))),
      ),
    );
  const revoke = new Command('revoke')
    .description('end a key at once')
    .argument('<id>', 'the 12 digits after `tocsin_`')
    .action((id: string) =>
      withStore(({ db }) => revokeKey(db, operator(ACTOR), id, systemClock.now())),
    );
  const key = new Command('key').description('keys');
  for (const command of [create, list, revoke]) key.addCommand(command);
  return key;
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Not a date.');
  if (date <= systemClock.now()) throw new InvalidArgumentError('It is over already.');
  return date;
}

async function run({ org, realm, role, label, expires }: Options): Promise<void> {
  await withStore(async ({ db, keyring }) => {
    const wish = { organisation: org, realm, role, label, expiresAt: expires ?? null };
    printText(`${await createKey(db, keyring, wish, ACTOR)}\n`);
  });
}
