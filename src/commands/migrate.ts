import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { createLog } from '../telemetry.ts';
import { openStore } from './open.ts';
import { printText } from './output.ts';

/** `tocsin migrate` */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to the schema of this version')
    .action(async () => {
      const config = readConfig();
      const store = await openStore(config, createLog(config.logLevel));
      await store.close();
      printText('The database has the schema of this version.\n');
    });
}
