import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import { StoreError } from '../postgres/store-error.ts';
import { chooseAccount } from './account.ts';
import type { Account } from './account.ts';
import { findBinaries } from './binaries.ts';
import { clusterDirectory, inspectCluster, makeCluster } from './cluster.ts';
import {
  credentialsMissing,
  newCredentials,
  readCredentials,
  writeCredentials,
} from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { launch, portInUse } from './launch.ts';
import { ensureOwner, serverUrl } from './owner.ts';
import { freePort, isFree } from './port.ts';
import { endServerProcesses, findPostmaster } from './postmaster.ts';
import type { Postmaster } from './postmaster.ts';
import { serverSettings } from './settings.ts';

const ORPHANS_TIMEOUT_MS = 10_000;

export type Logger = Pick<BaseLogger, 'info' | 'warn' | 'error'>;

/** What the server is to be: its place, and how it departs from the usual. */
export interface ServerInput {
  dataDir: string;
  /** Undefined: the port of the last start, or any free one. */
  port: number | undefined;
  /** Settings of postgresql.conf that replace Tocsin's own. */
  settings: Record<string, string>;
  logger: Logger;
  /** Aborts when nobody wants the server any more. */
  signal: AbortSignal | undefined;
}

/** A server that accepts connections. */
export interface Running {
  pid: number;
  port: number;
  ownerUrl: string;
}

/**
 * Attaches to the data directory's server, or starts it, making the cluster first where there is
 * none. The caller holds the start lock.
 * @throws StoreError with the reason why there can be none, or what the signal aborted with
 */
export async function ensureServer(input: ServerInput): Promise<Running> {
  const { dataDir, logger } = input;
  const binaries = await findBinaries();
  const owner = await inspectCluster(dataDir);
  const account = await chooseAccount(binaries, dataDir, owner);
  const credentials = await ensureCredentials(dataDir, owner !== undefined);
  const found = await settledPostmaster(clusterDirectory(dataDir), input);
  if (found !== undefined) {
    logger.info(
      { pid: found.pid, port: found.port },
      'attached to the running embedded PostgreSQL',
    );
    return opened(found, credentials);
  }
  if (owner === undefined) {
    const { adminPassword } = credentials;
    const durable = input.settings['fsync'] !== 'off';
    await makeCluster(dataDir, binaries, account, { adminPassword, durable });
    logger.info({ dataDir }, 'made a new database cluster');
  }
  return opened(await start(input, binaries.postgres, account, credentials), credentials);
}

async function ensureCredentials(dataDir: string, clusterExists: boolean): Promise<Credentials> {
  const kept = await readCredentials(dataDir);
  if (kept !== undefined) return kept;
  if (clusterExists) throw credentialsMissing(dataDir);
  const fresh = newCredentials();
  await writeCredentials(dataDir, fresh);
  return fresh;
}

/** The live postmaster once it has made up its mind; undefined when there is none (any more). */
async function settledPostmaster(
  directory: string,
  { logger, signal }: ServerInput,
): Promise<Postmaster | undefined> {
  for (;;) {
    const found = await findPostmaster(directory);
    if (typeof found === 'object') {
      if (found.status === 'ready') return found;
      signal?.throwIfAborted();
      await delay(20);
      continue;
    }
    const orphans = await endServerProcesses(directory);
    if (orphans.length > 0)
      logger.warn({ pids: orphans }, 'ended server processes without postmaster');
    if (found === 'stale') {
      // Another program has the pid by now, which PostgreSQL would take for a living postmaster.
      logger.warn({}, 'removed the postmaster.pid of a server that is gone');
      await rm(join(directory, 'postmaster.pid'), { force: true });
    }
    return undefined;
  }
}

async function start(
  input: ServerInput,
  program: string,
  account: Account,
  credentials: Credentials,
): Promise<Postmaster> {
  const port = await choosePort(input, credentials.port);
  const settings = { ...serverSettings(port), ...input.settings };
  const launched = () => launch(input, program, account, settings);
  const postmaster = await patiently(launched);
  if (port !== credentials.port) await writeCredentials(input.dataDir, { ...credentials, port });
  input.logger.info({ pid: postmaster.pid, port }, 'started the embedded PostgreSQL');
  return postmaster;
}

/** Sessions whose postmaster was killed end by themselves within moments, if not at work. */
async function patiently(launched: () => Promise<Postmaster>): Promise<Postmaster> {
  const deadline = performance.now() + ORPHANS_TIMEOUT_MS;
  for (;;) {
    try {
      return await launched();
    } catch (error) {
      const passes = error instanceof StoreError && error.code === 'orphans_running';
      if (!passes || performance.now() > deadline) throw error;
      await delay(250);
    }
  }
}

async function choosePort(input: ServerInput, remembered: number | undefined): Promise<number> {
  if (input.port !== undefined) {
    if (await isFree(input.port)) return input.port;
    throw portInUse(input.port);
  }
  if (remembered !== undefined && (await isFree(remembered))) return remembered;
  const port = await freePort();
  if (remembered !== undefined) {
    input.logger.warn({ port: remembered, instead: port }, 'another program took our port: moved');
  }
  return port;
}

async function opened(postmaster: Postmaster, credentials: Credentials): Promise<Running> {
  const { pid, port } = postmaster;
  await ensureOwner(
    serverUrl('postgres', credentials.adminPassword, port),
    credentials.ownerPassword,
  );
  return { pid, port, ownerUrl: serverUrl('tocsin', credentials.ownerPassword, port) };
}
