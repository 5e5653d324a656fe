import { Command } from 'commander';
import { readConfig, type Config } from '../config.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { inspectCluster } from '../store/embedded/cluster.ts';
import { findLogBounds, findSequencerLag } from '../store/content/log.ts';
import { describePending, findPending } from '../store/postgres/migrate.ts';
import { createLogger } from '../telemetry.ts';
import { VERSION } from '../version.ts';
import { quantity } from '../quantity.ts';
import { certificateEnd } from './certificate.ts';
import { loadKeyring } from './master-secret.ts';
import { contentsOf, reachServer } from './open.ts';
import { printText } from './output.ts';
import { exposures } from './serve/listen.ts';

/** `tocsin doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check whether this installation can work, without changing it')
    .action(async () => {
      const config = readConfig();
      tell('runtime', `Node ${process.version}`);
      tell('version', VERSION);
      tell('egress', egressOf(config));
      await tellOfNetwork(config);
      if (!(await examine(config))) process.exitCode = 1;
    });
}

function egressOf({ egressAllow }: Config): string {
  const also = egressAllow.length === 0 ? '' : `; also allowed: ${egressAllow.join(', ')}`;
  return `https to public addresses is allowed${also}; all else is refused`;
}

function tell(what: string, how: string): void {
  printText(`${what.padEnd(12)} ${how}\n`);
}

/** What the network gets to see of this installation. Throws ConfigError for a bad certificate. */
async function tellOfNetwork(config: Config): Promise<void> {
  const { host, port, tls, trustedProxies } = config;
  const until = tls && (await certificateEnd(tls)).toISOString().slice(0, 10);
  tell(
    'listens',
    `${host}:${port}, ${until ? `TLS, certificate valid to ${until}` : 'plain http'}`,
  );
  tell('proxies', trustedProxies.join(', ') || 'none trusted');
  for (const exposure of exposures(config)) tell('warning', exposure);
}

/** Whether a server can work on the database as it stands. Makes no database, and migrates none. */
async function examine(config: Config): Promise<boolean> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl === undefined && (await inspectCluster(dataDir)) === undefined) {
    tell(
      'database',
      `none in ${dataDir}: ${await contentsOf(dataDir)}. "tocsin serve" creates one there; if your ` +
        'server uses another directory, set TOCSIN_DATA_DIR',
    );
    return false;
  }
  await loadKeyring(config);
  const server = await reachServer(config, createLogger('warn'));
  try {
    const pending = describePending(await findPending(server.url));
    tell('database', databaseUrl === undefined ? 'embedded, answers' : 'answers');
    if (pending !== undefined) {
      tell('migrations', `${pending}: "tocsin migrate" or the next start applies them`);
      return false;
    }
    tell('migrations', 'applied');
    await tellOfLog(server.url);
    return true;
  } finally {
    await server.close();
  }
}

async function tellOfLog(url: string): Promise<void> {
  const db = openDatabase({ url, poolMax: 2, onError: () => undefined });
  try {
    const { head } = await findLogBounds(db);
    const lag = await findSequencerLag(db);
    tell('log', `${quantity(head, 'row')}, oldest waiting ${lag.toFixed(1)} s`);
  } finally {
    await db.close();
  }
}
