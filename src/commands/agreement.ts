import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { operator } from '../organisations/administer.ts';
import {
  AGREEMENT_KINDS,
  makeAgreement,
  stopAgreement,
  type AgreementWish,
} from '../organisations/agreements.ts';
import { TLP_ORDER, type Tlp } from '../stix/tlp.ts';
import { withStore } from './open.ts';
import { print } from './output.ts';

interface Options {
  org: string;
  realm?: string;
  community: string;
  title: string;
  reference: string;
  kind: AgreementWish['kind'];
  ceiling: Tlp;
  from?: Date;
  until?: Date;
  replaces?: number;
}

const BY = operator('command line');

/** `tocsin agreement create` and `agreement end <id>` */
export function agreementCommand(): Command {
  const create = new Command('create')
    .description('make an agreement, which takes effect without further approval')
    .requiredOption('--org <slug>', 'whose it is')
    .requiredOption('--community <slug>', 'in which it lets the organisation take part')
    .option('--realm <slug>', 'the exercise it is for (production unless given)')
    .requiredOption('--title <text>', 'what it is called')
    .option('--reference <text>', 'its number or mark', '')
    .addOption(new Option('--kind <kind>').choices(AGREEMENT_KINDS).default('mou'))
    .addOption(new Option('--ceiling <tlp>').choices(TLP_ORDER).default('amber'))
    .option('--from <date>', 'when it begins (now unless given)', readDate)
    .option('--until <date>', 'when it ends (when it is ended unless given)', readDate)
    .option('--replaces <id>', 'the agreement that ends when this one takes effect', readId)
    .action(({ org: organisation, from, until, replaces, ...rest }: Options) =>
      withStore(async ({ db }) => {
        const terms = {
          validFrom: from ?? null,
          validUntil: until ?? null,
          replaces: replaces ?? null,
          documents: [],
        };
        print(await makeAgreement(db, BY, { ...rest, ...terms, organisation }, systemClock.now()));
      }),
    );
  const end = new Command('end')
    .description('end an agreement now')
    .argument('<id>', 'its number', readId)
    .action((id: number) =>
      withStore(async ({ db }) => print(await stopAgreement(db, BY, id, systemClock.now()))),
    );
  return new Command('agreement').description('agreements').addCommand(create).addCommand(end);
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Not a date.');
  return date;
}

function readId(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Not the number of one.');
  return Number(text);
}
