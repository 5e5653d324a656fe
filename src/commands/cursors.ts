import { Command } from 'commander';
import { beginLogEpoch } from '../store/content/log.ts';
import { countServers } from '../store/members/status.ts';
import { StoreError } from '../store/postgres/store-error.ts';
import { withStore } from './open.ts';
import { printText } from './output.ts';

/** `tocsin cursors reset` */
export function cursorsCommand(): Command {
  const reset = new Command('reset')
    .description(
      'end all cursors, after the database was set back to an earlier state; "tocsin restore" does so by itself',
    )
    .action(() =>
      withStore(async ({ db }) => {
        const servers = await countServers(db);
        if (servers > 0) throw serversRunning();
        await beginLogEpoch(db, 'command line');
        printText(`${CURSORS_ENDED}\n`);
      }),
    );
  return new Command('cursors').description('positions of readers in the log').addCommand(reset);
}

/** What follows from a new epoch of the log, for an operator who restored a database. */
export const CURSORS_ENDED = `All cursors have ended: readers of changes and of the stream get cursor_invalid and begin again
without a cursor. Replay the subscriptions from the beginning (docs/operators.md, "After a restore").`;

/** A server knows the epoch from its start, and would continue to issue cursors of the old one. */
function serversRunning(): StoreError {
  return new StoreError(
    'servers_running',
    'A server is running on this database.',
    'Stop all servers, run this command, and start them again.',
  );
}
