import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { agreementCommand } from './agreement.ts';
import { communityCommand } from './community.ts';
import { auditCommand } from './audit.ts';
import { backupCommand } from './backup.ts';
import { cursorsCommand } from './cursors.ts';
import { doctorCommand } from './doctor.ts';
import { isForPeople } from './failure.ts';
import { groupCommand } from './group.ts';
import { importCommand } from './import.ts';
import { keyCommand } from './key.ts';
import { lookupCommand } from './lookup.ts';
import { migrateCommand } from './migrate.ts';
import { orgCommand } from './org.ts';
import { printError, tolerateClosedOutput } from './output.ts';
import { realmCommand } from './realm.ts';
import { restoreCommand } from './restore.ts';
import { serveCommand } from './serve/command.ts';
import { statusCommand } from './status.ts';
import { userCommand } from './user.ts';
import { validateCommand } from './validate.ts';

/** All commands but the demo, which only a checkout has. */
export function createProgram(): Command {
  return new Command('tocsin')
    .description('Shares indicators of compromise among the members of an alliance')
    .version(VERSION, '-V, --version', 'print the version')
    .showHelpAfterError()
    .addCommand(serveCommand())
    .addCommand(migrateCommand())
    .addCommand(orgCommand())
    .addCommand(keyCommand())
    .addCommand(userCommand())
    .addCommand(communityCommand())
    .addCommand(groupCommand())
    .addCommand(agreementCommand())
    .addCommand(realmCommand())
    .addCommand(importCommand())
    .addCommand(validateCommand())
    .addCommand(lookupCommand())
    .addCommand(auditCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(cursorsCommand())
    .addCommand(statusCommand())
    .addCommand(doctorCommand());
}

/** Runs one command. Reports an error outside of the code as a message, with exit code 1. */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  tolerateClosedOutput();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!isForPeople(error)) throw error;
    printError(`tocsin: ${error.message}\n`);
    process.exitCode = 1;
  }
}
