import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../../config.ts';
import { createLogger } from '../../telemetry.ts';
import { storeAddress } from '../address.ts';
import { announce } from '../announce.ts';
import { isTerminal } from '../output.ts';
import { serve, SERVER_ROLES, type ServerRole } from './serve.ts';
import { stopOnSignals } from '../signals.ts';
import { VERSION } from '../../version.ts';

/** Work under way may take so long to end before the process leaves all the same. */
const STOP_MS = 30_000;

/** `tocsin serve [--roles http,worker]` */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the server')
    .option('--roles <roles>', 'http, worker or both', readRoles, [...SERVER_ROLES])
    .action(({ roles }: { roles: ServerRole[] }) => run(roles));
}

/** A signal ends it in order, at any moment; a work that does not end, or a second signal, at once. */
async function run(roles: readonly ServerRole[]): Promise<void> {
  const { signal } = stopOnSignals();
  signal.addEventListener('abort', () => setTimeout(() => process.exit(1), STOP_MS).unref());
  const config = readConfig();
  const logger = createLogger(config.logLevel);
  logger.info({ version: VERSION, roles }, 'starting');
  const server = await serve(config, logger, roles, { signal }).catch((error: unknown) => {
    if (error !== signal.reason) throw error;
    logger.info('stopped before it served');
  });
  if (server !== undefined) {
    if (roles.includes('http')) await storeAddress(config, server.url);
    announce(config, server, roles, isTerminal());
    if (!signal.aborted) await once(signal, 'abort');
    await server.close().catch((error: unknown) => {
      logger.error({ err: error }, 'could not stop');
      process.exit(1);
    });
  }
  process.exit(0);
}

function readRoles(text: string): ServerRole[] {
  return text.split(',').map((name) => {
    const role = SERVER_ROLES.find((known) => known === name.trim());
    if (role === undefined) throw new InvalidArgumentError(`Roles are ${SERVER_ROLES.join(', ')}.`);
    return role;
  });
}
