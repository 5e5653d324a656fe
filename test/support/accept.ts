/** The one way in, past HTTP: for tests of what is behind it. */
import { accept } from '../../src/indicators/accept.ts';
import { chooseAudience } from '../../src/indicators/audience.ts';
import type { SharingContext } from '../../src/indicators/context.ts';
import type { ObjectResult } from '../../src/indicators/results.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import type { Database } from '../../src/store/postgres/database.ts';
import { systemClock } from '../../src/clock.ts';

/** Quotas that nobody reaches. */
const AMPLE = { bytesPerDay: 1e12, audiences: 1e6 };

export async function acceptAs(
  db: Database,
  organisation: string,
  objects: readonly unknown[],
  audience?: readonly string[],
): Promise<ObjectResult[]> {
  const member = await memberOfOrganisation(db, organisation, 'test');
  const chosen = await chooseAudience(db, member, audience);
  const onAccepted = (): void => undefined;
  const context: SharingContext = {
    db,
    clock: systemClock,
    quotas: AMPLE,
    unknownTlp: 'warn',
    onAccepted,
  };
  return accept(context, { objects }, { member, audience: chosen, atomic: false, dryRun: false });
}
