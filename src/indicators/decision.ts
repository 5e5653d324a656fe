/** What the server decides about the objects of a request. */
import type { Finding } from '../stix/check/check.ts';

/** A version that the sharer already has of an object. */
export interface KnownVersion {
  readonly versionId: string;
  readonly stixId: string;
  readonly modified: string;
  readonly contentHash: string;
  readonly superseded: boolean;
  readonly revoked: boolean;
  readonly audienceId: number;
  readonly tlp: number;
  readonly referencedTlp: number | null;
  /** Of an object without versions, which of those that different audiences were given. */
  readonly variant: number;
}

/** What becomes of a candidate. */
export type Decision =
  | {
      readonly outcome: 'unchanged' | 'stale';
      /** The current version, where it is the same. */
      readonly stored?: KnownVersion | undefined;
      readonly warning?: Finding | undefined;
    }
  | {
      readonly outcome: 'updated';
      /** The current version, which further organisations get. */
      readonly widens: KnownVersion;
      /** The communities, groups and organisations that get it. */
      readonly gaining: ReadonlySet<number>;
      readonly warning: Finding;
    }
  | {
      readonly outcome: 'updated';
      /** The current version, whose markings are known by now to state a stricter level. */
      readonly raises: KnownVersion;
      readonly tlp: number;
    }
  | {
      readonly outcome: 'rejected';
      readonly code: string;
      /** JSON path within the object. */
      readonly path: string;
      readonly detail: string;
    }
  | {
      readonly outcome: 'created' | 'updated';
      readonly modified: string;
      readonly variant: number;
      /** The level of what its audience has already, where that is stricter than what was posted. */
      readonly tlp: number;
      /** The stored versions that it replaces. */
      readonly replaces: readonly KnownVersion[];
      readonly warnings?: readonly Finding[];
    };
