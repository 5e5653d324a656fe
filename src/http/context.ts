import type { Webhooks } from '../deliveries/webhooks.ts';
import type { Clock } from '../clock.ts';
import type { AnswerLimits, SlotLimits, StreamLimits } from '../limits.ts';
import type { Keyring } from '../keyring.ts';
import type { Disclosures } from '../audit/disclosures.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { SharingContext } from '../indicators/context.ts';
import type { LogGrowth } from '../log/growth.ts';
import type { Sequencer } from '../log/sequencer.ts';
import type { SingleSignOn } from '../access/single-sign-on.ts';
import type { SignInDesk } from '../access/sign-in.ts';
import type { Quotas } from '../sharing/quotas.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Logger } from '../telemetry.ts';
import type { ProxySettings } from './edge/client.ts';
import type { ByteBudget } from './edge/byte-budget.ts';
import type { Rates } from './edge/rates.ts';
import type { HttpMetrics } from './measures.ts';
import type { Spools } from './bundles/spool.ts';

/** All that the doors work with: made once in commands/serve and handed to each. */
export interface Services {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: HttpMetrics;
  readonly disclosures: Pick<Disclosures, 'record'>;
  readonly refusals: Pick<Refusals, 'record'>;
  readonly sharing: SharingContext;
  readonly sequencer: Sequencer;
  readonly growth: LogGrowth;
  readonly webhooks: Webhooks;
  readonly rates: Rates;
  /** Bytes of requests and answers under way. */
  readonly budget: ByteBudget;
  /** Where results of long requests are stored until they are sent. */
  readonly spools: Spools;
  readonly limits: Limits;
  readonly quotas: Quotas;
  readonly signInDesk: SignInDesk;
  /** Whether admins, org_admins and users with RED clearance need a second factor. */
  readonly secondFactorRequired: boolean;
  /** Undefined where it is not set up. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** Under which members reach the server, where that is known. */
  readonly publicUrl: string | undefined;
  /** Aborts when the server stops: open streams end with it. */
  readonly stopping: AbortSignal;
}

export interface Limits extends ProxySettings {
  readonly bodyBytesMax: number;
  readonly bundleObjectsMax: number;
  /** How many bytes of a body must come in a second, beyond the first pause. */
  readonly bodyBytesPerSecond: number;
  /** How long the server waits for more of a body. */
  readonly bodyPauseSeconds: number;
  /** Connections that one network may have open. */
  readonly connectionsPerNetwork: number;
  readonly requests: SlotLimits;
  readonly streams: StreamLimits;
  readonly answers: AnswerLimits;
  /** Opens /metrics as a key of role admin does. */
  readonly metricsToken: string | undefined;
  /** Who may read /docs and /openapi.json. */
  readonly docs: 'public' | 'members';
}
