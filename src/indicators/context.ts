import type { Clock } from '../clock.ts';
import type { Sequencer } from '../log/sequencer.ts';
import type { Quotas } from '../sharing/quotas.ts';
import type { Database } from '../store/postgres/database.ts';
import type { UnknownTlp } from './judge.ts';

/** What everything that shares, changes or ends objects works with. */
export interface SharingContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly quotas: Pick<Quotas, 'bytesPerDay' | 'audiences'>;
  /** What becomes of objects whose TLP level cannot be determined. */
  readonly unknownTlp: UnknownTlp;
  /** Called when something was committed that the sequencer should move on. */
  readonly onAccepted: () => void;
}

/** The context of a process: what it commits, its sequencer moves to the log at once. */
export function sharingContext({
  sequencer,
  ...rest
}: Omit<SharingContext, 'onAccepted'> & {
  readonly sequencer: Pick<Sequencer, 'nudge'>;
}): SharingContext {
  return { ...rest, onAccepted: () => sequencer.nudge() };
}
