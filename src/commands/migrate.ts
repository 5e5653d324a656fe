import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { createLogger } from '../telemetry.ts';
import { quantity } from '../quantity.ts';
import { reachServer, requireCluster } from './open.ts';
import { printText } from './output.ts';

/** `tocsin migrate` */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('migrate the database to the schema of this version')
    .action(async () => {
      const config = readConfig();
      await requireCluster(config);
      const logger = createLogger(config.logLevel);
      const server = await reachServer(config, logger);
      try {
        const { applied, defined } = await migrate({ url: server.url, logger });
        const functions = defined ? ', and functions and policies' : '';
        printText(
          `Applied ${quantity(applied.length, 'migration')}${functions}. The database has the current schema.\n`,
        );
      } finally {
        await server.close();
      }
    });
}
