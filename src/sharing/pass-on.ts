/**
 * What of another member's objects may be passed on: the very version that one sees, unchanged, as
 * far as its TLP lets it go (FIRST TLP 2.0). Pure: the facts come as arguments.
 */
export interface PassingFault {
  readonly code: 'producer_mismatch' | 'revoked_is_final';
  readonly path: string;
  readonly detail: string;
}

/** A version with the content to be passed on, as the sharer sees it. */
export interface Seen {
  /** TLP rank at which it was received. */
  readonly tlp: number;
  /** Whether the sharer shares it already. */
  readonly own: boolean;
  /** Whether it has been revoked since, where the sharer has it from. */
  readonly ended: boolean;
}

export interface Passing {
  /** The other member's identity in whose name the object speaks. */
  readonly inNameOf: string;
  /** Whether the object is that identity itself. */
  readonly isThatIdentity: boolean;
  /** TLP rank by its markings and the sharer's own default. */
  readonly tlp: number;
  readonly revoked: boolean;
  /** Where the sharer sees this very version; whatever it does not see is not among them. */
  readonly seen: readonly Seen[];
  /** Whether nobody but the sharer's own organisation is to get it. */
  readonly toItselfAlone: boolean;
}

const [AMBER, STRICT] = [2, 3];

/** The TLP rank at which it may be passed on, or why it may not. */
export function passOn(passing: Passing): { readonly tlp: number } | PassingFault {
  const { inNameOf, seen, revoked, toItselfAlone } = passing;
  // What one shares already is not passed on again, and stays as it is.
  if (seen.some(({ own }) => own)) return { tlp: passing.tlp };
  if (seen.length === 0) {
    // The same words whether there is no such version or one that the sharer may not see.
    const detail = `${inNameOf} is another member's identity`;
    return { ...mismatch(detail), path: passing.isThatIdentity ? '$.id' : '$.created_by_ref' };
  }
  if (!revoked && seen.every(({ ended }) => ended)) {
    const detail = 'Its creator has revoked the object';
    return { code: 'revoked_is_final', path: '$.modified', detail };
  }
  const tlp = Math.max(passing.tlp, ...seen.map((one) => one.tlp));
  if (tlp >= STRICT) {
    return mismatch('Objects at TLP:AMBER+STRICT and TLP:RED cannot be reshared');
  }
  return tlp === AMBER && !toItselfAlone ? amberStays() : { tlp };
}

export interface Readdressed {
  /** TLP rank that it has, and that it is to have. */
  readonly fromTlp: number;
  readonly toTlp: number;
  readonly audienceChanges: boolean;
  readonly toItselfAlone: boolean;
}

/** Why an object that was passed on may not be addressed so, or undefined when it may. */
export function readdressedFault(to: Readdressed): PassingFault | undefined {
  if (to.toTlp < to.fromTlp) {
    return mismatch('Only the creator of an object can lower its marking');
  }
  const stays = !to.audienceChanges || to.toItselfAlone || to.toTlp < AMBER;
  return stays ? undefined : amberStays();
}

function amberStays(): PassingFault {
  return mismatch('TLP:AMBER is passed on within one organisation only');
}

function mismatch(detail: string): PassingFault {
  return { code: 'producer_mismatch', path: '$.created_by_ref', detail };
}
