import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { createKey } from '../organisations/create.ts';
import { ROLES, type Role } from '../sharing/member.ts';
import { createLog } from '../telemetry.ts';
import { openStore } from './open.ts';

interface Options {
  org: string;
  role: Role;
  label: string;
  expires?: Date;
}

/** `tocsin key create --org <slug> --role <role>` */
export function keyCommand(): Command {
  const create = new Command('create')
    .description('make a key and print it, this once')
    .requiredOption('--org <slug>', 'whose key it is')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--label <text>', 'what it is for', '')
    .option('--expires <date>', 'when it ends, such as 2030-01-01', readDate)
    .action(run);
  return new Command('key').description('keys').addCommand(create);
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Not a date.');
  return date;
}

async function run({ org, role, label, expires }: Options): Promise<void> {
  const config = readConfig();
  const store = await openStore(config, createLog(config.logLevel));
  try {
    const wish = { organisation: org, role, label, expiresAt: expires ?? null };
    const text = await createKey(store.db, store.keyring, wish, 'command line');
    process.stdout.write(`${text}\n`);
  } finally {
    await store.close();
  }
}
