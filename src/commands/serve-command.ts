import { Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { createLog } from '../telemetry.ts';
import { serve, SERVER_ROLES, type ServerRole } from './serve.ts';

/** Work under way may take so long to end before the process leaves all the same. */
const STOP_MS = 30_000;

/** `tocsin serve [--roles http,worker]` */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the server')
    .option('--roles <roles>', 'http, worker or both', readRoles, [...SERVER_ROLES])
    .action(async ({ roles }: { roles: ServerRole[] }) => {
      const config = readConfig();
      const log = createLog(config.logLevel);
      const server = await serve(config, log, roles);
      process.stdout.write(`Tocsin listens on ${config.publicUrl ?? server.url}\n`);
      stopOnSignals(
        () => server.close(),
        (error) => log.error({ err: error }, 'could not stop'),
      );
    });
}

function readRoles(text: string): ServerRole[] {
  return text.split(',').map((name) => {
    const role = SERVER_ROLES.find((known) => known === name.trim());
    if (role === undefined) throw new InvalidArgumentError(`Roles are ${SERVER_ROLES.join(', ')}.`);
    return role;
  });
}

/** SIGTERM and SIGINT end the work in order; a second one, or a work that does not end, at once. */
function stopOnSignals(close: () => Promise<void>, onError: (error: unknown) => void): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        onError(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
