import type { Database } from '../store/postgres/database.ts';
import { sequenceInbox } from '../store/content/log.ts';

/**
 * Moves what was committed to the inbox on to the log. Any number of processes may do it: the
 * database lets one transaction at a time, so there is no leader to lose. A process moves what it
 * accepted itself at once, and looks every POLL_MS for what another process committed and could
 * not move before it died.
 */
export interface Sequencer {
  /** Something was committed: move it on soon. */
  nudge(): void;
  /** Ends after the step under way. */
  close(): Promise<void>;
}

export interface SequencerOptions {
  readonly db: Database;
  /** Called with the end of the log after each step, of any process: a notification can be lost. */
  readonly onHead: (head: number) => void;
  readonly onError: (error: unknown) => void;
}

const BATCH_MAX = 5000;
const POLL_MS = 250;

export function startSequencer({ db, onHead, onError }: SequencerOptions): Sequencer {
  let wanted = true;
  let closed = false;
  let running: Promise<void> | undefined;

  const step = async (): Promise<void> => {
    try {
      const { moved, head } = await sequenceInbox(db, BATCH_MAX);
      onHead(head);
      // Until a step finds nothing: changes of membership are sent in chunks.
      if (moved > 0) wanted = true;
    } catch (error) {
      onError(error);
    }
  };
  const run = async (): Promise<void> => {
    while (wanted && !closed) {
      wanted = false;
      await step();
    }
    running = undefined;
  };
  const nudge = (): void => {
    wanted = true;
    running ??= run();
  };
  const timer = setInterval(nudge, POLL_MS);
  return {
    nudge,
    close: async () => {
      clearInterval(timer);
      closed = true;
      await running;
    },
  };
}
