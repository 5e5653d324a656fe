import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { toKey, toMintedKey } from '../http/rest/member-answers.ts';
import { KeyParams, NewKey } from '../http/rest/schemas/key.ts';
import { operator } from '../access/administer.ts';
import { mintKey, readKeys, revokeKey } from '../access/key-acts.ts';
import { ROLES, type Role } from '../sharing/member.ts';
import { gather, inputOf, readTime } from './input.ts';
import { withStore } from './open.ts';
import { print, printText } from './output.ts';

/** Who the audit names. */
const BY = operator('command line');

interface Options {
  readonly org: string;
  readonly realm?: string;
  readonly role: Role;
  readonly label?: string;
  readonly expires?: string;
  readonly network?: string[];
  readonly json: boolean;
}

/** `tocsin key create --org <slug> --role <role>`, `key list` and `key revoke <id>` */
export function keyCommand(): Command {
  const create = new Command('create')
    .description('create a key and print it, only once')
    .requiredOption('--org <slug>', 'whose key it is')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--realm <slug>', 'the exercise that it is for (default: production)')
    .option('--label <text>', 'what it is for')
    .option('--network <cidr>', 'a network that it may be used from, repeatable', gather)
    .option('--expires <date>', 'when it ends, such as 2030-01-01', readFuture)
    .option('--json', 'print the key as JSON, with what is stored about it', false)
    .action(run);
  const list = new Command('list')
    .description('list keys, one JSON object per line, without secrets')
    .option('--org <slug>', 'only those of this organisation')
    .action(({ org: organisation }: { readonly org?: string }) =>
      withStore(async ({ db }) => print(...(await readKeys(db, BY, { organisation })).map(toKey))),
    );
  const revoke = new Command('revoke')
    .description('end a key at once')
    .argument('<id>', 'the 12 digits after `tocsin_`')
    .action(async (text: string) => {
      const { id } = inputOf(KeyParams, { id: text });
      await withStore(async ({ db }) => {
        await revokeKey(db, BY, id, systemClock.now());
        print(...(await readKeys(db, BY, {})).filter((key) => key.id === id).map(toKey));
      });
    });
  const key = new Command('key').description('keys');
  for (const command of [create, list, revoke]) key.addCommand(command);
  return key;
}

function readFuture(text: string): string {
  const time = readTime(text);
  if (new Date(time) <= systemClock.now()) throw new InvalidArgumentError('It is in the past.');
  return time;
}

async function run({ org, expires, network, json, ...rest }: Options): Promise<void> {
  const body = { ...rest, organisation: org, networks: network, expires_at: expires };
  const { expires_at: expiresAt, ...input } = inputOf(NewKey, body);
  await withStore(async (store) => {
    const minting = { ...input, organisation: org, expiresAt };
    const minted = await mintKey(store, BY, minting);
    if (json) print(toMintedKey(minted));
    else printText(`${minted.text}\n`);
  });
}
