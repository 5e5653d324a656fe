import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { findLogBounds, findSequencerLag } from '../store/log.ts';
import { createLog } from '../telemetry.ts';
import { openStore } from './open.ts';

/** `tocsin doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say whether this installation can work')
    .action(async () => {
      const config = readConfig();
      const tell = (what: string, how: string): void => {
        process.stdout.write(`${what.padEnd(12)} ${how}\n`);
      };
      tell('runtime', `Node ${process.version}`);
      const store = await openStore(config, createLog('warn'));
      try {
        tell('database', config.databaseUrl === undefined ? 'embedded, answers' : 'answers');
        tell('migrations', 'applied');
        const { head } = await findLogBounds(store.db);
        const lag = await findSequencerLag(store.db);
        tell('log', `${head} rows, oldest waiting ${lag.toFixed(1)} s`);
        tell('egress', config.egressAllow.join(', ') || 'public https only');
      } finally {
        await store.close();
      }
    });
}
