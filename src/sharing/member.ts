import type { Realm } from './realm.ts';
import type { Standing } from './standing.ts';
import type { Viewer } from './viewer.ts';

/** From the most to the least: admin runs the whole server, feed only pulls. */
export const ROLES = ['admin', 'org_admin', 'publisher', 'analyst', 'feed'] as const;
export type Role = (typeof ROLES)[number];

/** An organisation as far as what it shares is concerned. */
export interface Organisation {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly status: string;
  /** The community that gets what it shares without naming an audience. */
  readonly defaultCommunityId: number | null;
  /** TLP rank of what it shares without a marking. */
  readonly defaultTlp: number;
  /** STIX identities that are its own. */
  readonly identities: readonly string[];
}

/** A person who is signed in. */
export interface SignedIn {
  readonly id: string;
  readonly sessionId: string;
  readonly email: string;
  readonly name: string;
  readonly redClearance: boolean;
  readonly hasSecondFactor: boolean;
  /** Whether the identity provider said that a second factor was used for this session. */
  readonly secondFactorElsewhere: boolean;
}

/** Who a request comes from: a key or a user, the organisation, and what that may see. */
export interface Member {
  /** As the audit names it: `key <id>`, `user <id>`, or the command that the operator runs. */
  readonly actor: string;
  /** Undefined for a caller without a key. */
  readonly keyId: string | undefined;
  /** Undefined for a caller that is not a signed-in user. */
  readonly user: SignedIn | undefined;
  /** The network address of the client, for the audit; undefined for commands. */
  readonly address?: string | undefined;
  readonly role: Role;
  /** Whether an agreement is in force; without one, only withdrawals reach it. */
  readonly active: boolean;
  readonly organisation: Organisation;
  /** Where it is: nothing it does or sees is of another one. */
  readonly realm: Realm;
  /** Never TLP:RED through a key, whatever the agreement says, nor for users without clearance. */
  readonly viewer: Viewer;
  /** The TLP rank up to which it may share. */
  readonly shareCeiling: number;
  /** What it was let in as, which has to hold still when it writes. */
  readonly standing: Standing;
}
