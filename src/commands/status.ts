/** `tocsin status`: how the server and its members are, on one screen. */
import { statfs } from 'node:fs/promises';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readConfig, type Config } from '../config.ts';
import { toNotice } from '../http/rest/member-answers.ts';
import { operator } from '../access/administer.ts';
import { findSlowestReceiver } from '../deliveries/slowest-receiver.ts';
import { readNotices } from '../members/notices.ts';
import { readRealms } from '../members/realms.ts';
import type { Database } from '../store/postgres/database.ts';
import { findSequencerLag } from '../store/content/log.ts';
import {
  listFailingReceivers,
  readFigures,
  type FailingReceiver,
} from '../store/members/status.ts';
import { VERSION } from '../version.ts';
import { findAddress } from './address.ts';
import { withStore } from './open.ts';
import { print, printText } from './output.ts';
import { quantity } from '../quantity.ts';

/** More of one kind would not fit on a screen. */
const LINES_MAX = 5;

const BY = operator('command line');

export function statusCommand(): Command {
  return new Command('status')
    .description('show members, what ends soon, failing receivers, lag and disk on one screen')
    .option('--json', 'one JSON object instead', false)
    .action(({ json }: { readonly json: boolean }) =>
      withStore(async ({ db }) => {
        const found = await gather(readConfig(), db);
        if (json) print(found);
        else printText(inWords(found));
      }),
    );
}

async function gather(config: Config, db: Database) {
  const { databaseBytes, ...figures } = await readFigures(db);
  const { notices } = await readNotices(db, BY, systemClock.now());
  const realms = await readRealms(db, BY);
  return {
    version: VERSION,
    // Where no server runs, the address is that of an earlier one.
    address: figures.servers === 0 ? null : await findAddress(config),
    ...figures,
    exercises_open: realms.filter(({ state }) => state === 'open').length,
    ends_soon: notices.map(toNotice),
    failing_receivers: (await listFailingReceivers(db, LINES_MAX)).map(toReceiver),
    slowest_receiver: (await findSlowestReceiver(db)) ?? null,
    sequencer_lag_seconds: await findSequencerLag(db),
    database_bytes: databaseBytes,
    disk: config.databaseUrl === undefined ? await lookAtDisk(config) : null,
  };
}

/** Of the embedded database; that of another cannot be looked at. */
async function lookAtDisk({ dataDir }: Config) {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}

type Status = Awaited<ReturnType<typeof gather>>;

function toReceiver({ failingSince, ...receiver }: FailingReceiver) {
  return { ...receiver, failing_since: failingSince?.toISOString() ?? null };
}

function inWords(status: Status): string {
  const { organisations, users, subscriptions, keys, exercises_open: exercises } = status;
  const rows: [name: string, fact: string][] = [
    ['version', VERSION],
    ['servers', serversOf(status)],
    ['organisations', counted(organisations)],
    ['users', counted(users)],
    ['keys', `${keys} in force`],
    ['exercises', `${exercises} open`],
    ['ends soon', linesOf(status.ends_soon.map(ending), status.ends_soon.length)],
    ['receivers', counted(subscriptions)],
    ['failing', linesOf(status.failing_receivers.map(failing), status.failing_receivers.length)],
    ['lag', lagOf(status)],
    ['disk', diskOf(status)],
  ];
  return rows.map(([name, fact]) => `${name.padEnd(INDENT)}${fact}\n`).join('');
}

const INDENT = 16;

function serversOf({ servers, workers, address }: Status): string {
  if (address === null) return 'none is running. Start one with "tocsin serve"';
  return `${servers} running at ${address}; ${quantity(workers, 'worker')} seen in the last minute`;
}

/** `3: 2 active, 1 suspended` */
function counted(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return [total, entries.map(([name, count]) => `${count} ${name}`).join(', ')]
    .filter((part) => part !== '')
    .join(': ');
}

function linesOf(lines: readonly string[], total: number): string {
  const shown = lines.slice(0, LINES_MAX);
  const rest = total > shown.length ? [`and ${total - shown.length} more`] : [];
  return shown.length === 0 ? 'nothing' : [...shown, ...rest].join(`\n${' '.repeat(INDENT)}`);
}

function ending({ type, subject, organisation, ends_at: at }: Status['ends_soon'][number]): string {
  return `${type.replace('.expiring', '')} ${subject} of ${organisation} on ${at.slice(0, 10)}`;
}

function failing(receiver: Status['failing_receivers'][number]): string {
  const { id, organisation, state, failures, failing_since: since, outcome, reason } = receiver;
  const why = state === 'disabled' ? `disabled (${reason ?? 'by its owner'})` : (outcome ?? '');
  const from = since === null ? '' : ` since ${since.slice(0, 16)}Z`;
  return `${organisation} ${id}: ${quantity(failures, 'failure')}${from}, ${why}`;
}

function lagOf({ sequencer_lag_seconds: lag, slowest_receiver: slowest }: Status): string {
  const sequencer = `sequencer ${lag.toFixed(1)} s`;
  if (slowest === null) return `${sequencer}; no receiver is behind`;
  const { rows, more, organisation, id } = slowest;
  const behind = `${more ? 'at least ' : ''}${quantity(rows, 'row')} behind (${organisation} ${id})`;
  return `${sequencer}; the slowest receiver is ${behind}`;
}

function diskOf({ disk, database_bytes: bytes }: Status): string {
  const database = `database ${inGigabytes(bytes)}`;
  if (disk === null) return `${database}, on a PostgreSQL of your own`;
  return `${database}; ${inGigabytes(disk.free_bytes)} free of ${inGigabytes(disk.total_bytes)}`;
}

function inGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
