import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { toAgreement } from '../http/rest/member-answers.ts';
import { NewAgreement } from '../http/rest/schemas/agreement.ts';
import { operator } from '../access/administer.ts';
import {
  AGREEMENT_KINDS,
  makeAgreement,
  readAgreements,
  stopAgreement,
} from '../members/agreements.ts';
import { TLP_ORDER } from '../stix/marking/tlp.ts';
import { inputOf, readNumber, readTime } from './input.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  readonly org: string;
  readonly realm?: string;
  readonly community: string;
  readonly title: string;
  readonly reference?: string;
  readonly kind: string;
  readonly ceiling: string;
  readonly from?: string;
  readonly until?: string;
  readonly replaces?: number;
}

const BY = operator('command line');

/** `tocsin agreement create|list|end` */
export function agreementCommand(): Command {
  const list = new Command('list')
    .description('list the agreements, newest first, one JSON object per line')
    .option('--org <slug>', 'only those of this organisation')
    .action(({ org }: { readonly org?: string }) =>
      withStore(async ({ db }) => print(...(await readAgreements(db, BY, org)).map(toAgreement))),
    );
  const end = new Command('end')
    .description('end an agreement now')
    .argument('<id>', 'its number', readNumber)
    .action((id: number) =>
      withStore(async ({ db }) => {
        print(toAgreement(await stopAgreement(db, BY, id, systemClock.now())));
      }),
    );
  const agreement = new Command('agreement').description('agreements');
  for (const command of [createCommand(), list, end]) agreement.addCommand(command);
  return agreement;
}

function createCommand(): Command {
  return new Command('create')
    .description('create an agreement, which takes effect without further approval')
    .requiredOption('--org <slug>', 'whose it is')
    .requiredOption('--community <slug>', 'the community in which the organisation takes part')
    .option('--realm <slug>', 'the exercise it is for (default: production)')
    .requiredOption('--title <text>', 'what it is called')
    .option('--reference <text>', 'its number or mark')
    .addOption(new Option('--kind <kind>').choices(AGREEMENT_KINDS).default('mou'))
    .addOption(new Option('--ceiling <tlp>').choices(TLP_ORDER).default('amber'))
    .option('--from <date>', 'when it begins (default: now)', readTime)
    .option('--until <date>', 'when it ends (default: when it is ended)', readTime)
    .option('--replaces <id>', 'the agreement that ends when this one takes effect', readNumber)
    .action(create);
}

async function create({ org, from, until, ...rest }: Options): Promise<void> {
  const body = { ...rest, organisation: org, valid_from: from, valid_until: until };
  const { valid_from: validFrom, valid_until: validUntil, ...input } = inputOf(NewAgreement, body);
  await withStore(async ({ db }) => {
    const terms = { ...input, validFrom, validUntil };
    print(toAgreement(await makeAgreement(db, BY, terms, systemClock.now())));
  });
}
