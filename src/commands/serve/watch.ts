/** What comes about by time alone, of which nobody tells the server. */
import type { Clock } from '../../clock.ts';
import type { Sequencer } from '../../log/sequencer.ts';
import { announceEndings } from '../../members/notices.ts';
import { sweepUnions } from '../../store/content/audiences.ts';
import { noteStanding } from '../../store/members/membership.ts';
import { pruneTries } from '../../store/access/sign-in-tries.ts';
import { pruneUsage } from '../../store/content/usage.ts';
import type { Logger } from '../../telemetry.ts';
import type { OpenStore } from '../open.ts';

const STANDING_MS = 15_000;
const ENDINGS_MS = 30_000;
const TRIES_MS = 60_000;
const SWEEP_MS = 600_000;
const SWEEP = { ageSeconds: 3600, max: 1000 };
const USAGE_DAYS = 35;
const DAY_MS = 86_400_000;

interface Watch {
  /** Resolves when no look is under way any more. */
  close(): Promise<void>;
}

/**
 * Notes agreements that begin or end, announces what ends soon, and deletes what is of no use any
 * more: old tries to sign in, unused audiences, and how much was stored on days long past.
 */
export function watchTime(
  { db }: OpenStore,
  sequencer: Sequencer,
  logger: Logger,
  clock: Clock,
): Watch {
  // The sequencer notes what comes about by time; this, what was changed past Tocsin.
  const standing = regularly(STANDING_MS, async () => {
    try {
      if ((await noteStanding(db)) > 0) sequencer.nudge();
    } catch (error) {
      logger.warn({ err: error }, 'changes of what organisations may see could not be computed');
    }
  });
  const announce = async (): Promise<void> => {
    try {
      const announced = await announceEndings(db, clock.now());
      for (const { kind, organisation, subject, days, endsAt } of announced) {
        logger.warn({ notice: kind, organisation, subject, days, endsAt }, 'ends soon');
      }
    } catch (error) {
      logger.warn({ err: error }, 'agreements and keys that end soon could not be listed');
    }
  };
  // Notices that are due in half a minute can be sent now.
  const endings = regularly(ENDINGS_MS, announce, announce());
  const tries = regularly(TRIES_MS, async () => {
    try {
      await pruneTries(db, clock.now());
    } catch (error) {
      logger.warn({ err: error }, 'old sign-in attempts could not be deleted');
    }
  });
  const sweep = regularly(SWEEP_MS, async () => {
    try {
      await sweepUnions(db, SWEEP);
      const since = new Date(clock.now().getTime() - USAGE_DAYS * DAY_MS);
      await pruneUsage(db, since.toISOString().slice(0, 10));
    } catch (error) {
      logger.warn({ err: error }, 'unused audiences could not be deleted');
    }
  });
  return {
    close: async () => {
      const looks = [standing, endings, tries, sweep];
      await Promise.all(looks.map((look) => look.close()));
    },
  };
}

function regularly(
  everyMs: number,
  look: () => Promise<void>,
  first: Promise<void> = Promise.resolve(),
): Watch {
  let looking = first;
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs);
  return {
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
