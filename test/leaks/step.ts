/** What happens in a history: plain data, so that any part of a history can be lived through too. */

/** A TLP rank, 0 CLEAR to 4 RED. */
export type Rank = number;

export type ContentStep =
  /** Objects by number; unmarked where the rank is null; to the default community where none is named. */
  | {
      readonly act: 'share';
      readonly by: string;
      readonly objects: readonly number[];
      readonly ranks: readonly (Rank | null)[];
      readonly to: readonly string[];
    }
  | {
      readonly act: 'readdress';
      readonly by: string;
      readonly object: number;
      readonly to: readonly string[];
      readonly rank: Rank | null;
    }
  | { readonly act: 'revoke'; readonly by: string; readonly object: number }
  /** What another shares, in its creator's name: the newest version of it, or the one before. */
  | {
      readonly act: 'pass on';
      readonly by: string;
      readonly object: number;
      readonly of: string;
      readonly older: boolean;
      readonly to: readonly string[];
    }
  /** By an administrator. */
  | { readonly act: 'purge'; readonly object: number };

export type MemberStep =
  | {
      readonly act: 'make group';
      readonly by: string;
      readonly group: string;
      readonly members: readonly string[];
      readonly open: boolean;
      readonly hidden: boolean;
    }
  | {
      readonly act: 'change group';
      readonly group: string;
      readonly open: boolean;
      readonly hidden: boolean;
    }
  /** By itself, or invited and removed by an administrator. */
  | {
      readonly act: 'join' | 'leave';
      readonly group: string;
      readonly organisation: string;
      readonly itself: boolean;
    }
  | {
      readonly act: 'make community';
      readonly community: string;
      readonly within: readonly string[];
      readonly contains: readonly string[];
    }
  | { readonly act: 'status'; readonly organisation: string; readonly status: Status }
  /** An agreement in place of the one in force, if there is one. */
  | {
      readonly act: 'agree';
      readonly organisation: string;
      readonly community: string;
      readonly rank: Rank;
      readonly later: boolean;
    }
  /** One of two administrators approves what waits. */
  | {
      readonly act: 'approve';
      readonly organisation: string;
      readonly community: string;
      readonly administrator: number;
    }
  /** An administrator ends it; or its time begins or runs out. */
  | {
      readonly act: 'end' | 'begin' | 'expire';
      readonly organisation: string;
      readonly community: string;
    };

export type Step = ContentStep | MemberStep;

const OF_CONTENT = new Set<Step['act']>(['share', 'readdress', 'revoke', 'pass on', 'purge']);

export function isAboutContent(step: Step): step is ContentStep {
  return OF_CONTENT.has(step.act);
}

export type Status = 'invited' | 'active' | 'suspended' | 'left';

export const TLP_NAMES = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const;

/** For people. */
export function inWords(step: Step): string {
  switch (step.act) {
    case 'share':
      return `${step.by} shares ${objectsOf(step)} with ${namesOf(step.to)}`;
    case 'readdress': {
      const to = step.to.length > 0 ? ` to ${namesOf(step.to)}` : '';
      const rank = step.rank === null ? '' : ` at TLP:${TLP_NAMES[step.rank]}`;
      return `${step.by} readdresses object ${step.object}${to}${rank}`;
    }
    case 'revoke':
      return `${step.by} revokes object ${step.object}`;
    case 'pass on': {
      const what = `object ${step.object} of ${step.of}${step.older ? ', one version older,' : ''}`;
      return `${step.by} passes on ${what} to ${namesOf(step.to)}`;
    }
    case 'purge':
      return `an administrator purges object ${step.object}`;
    case 'make group':
      return `${step.by} makes the group ${kindOf(step)} with ${namesOf(step.members)}`;
    case 'change group':
      return `an administrator changes the group ${kindOf(step)}`;
    case 'make community': {
      const around = `within ${namesOf(step.within)}, around ${namesOf(step.contains)}`;
      return `an administrator makes the community ${step.community} ${around}`;
    }
    default:
      return memberInWords(step);
  }
}

function memberInWords(step: Extract<Step, { organisation: string }>): string {
  const { organisation } = step;
  switch (step.act) {
    case 'join':
    case 'leave':
      return step.itself
        ? `${organisation} ${step.act}s ${step.group} by itself`
        : `an administrator has ${organisation} ${step.act} ${step.group}`;
    case 'status':
      return `${organisation} is now ${step.status}`;
    case 'agree': {
      const when = step.later ? ', from later on' : '';
      return `${organisation} agrees for ${step.community} up to TLP:${TLP_NAMES[step.rank]}${when}`;
    }
    case 'approve':
      return `administrator ${step.administrator} approves what ${organisation} agreed for ${step.community}`;
    case 'end':
      return `an administrator ends what ${organisation} agreed for ${step.community}`;
    case 'begin':
      return `the time of what ${organisation} agreed for ${step.community} begins`;
    case 'expire':
      return `the time of what ${organisation} agreed for ${step.community} runs out`;
  }
}

function objectsOf({ objects, ranks }: Extract<Step, { act: 'share' }>): string {
  const told = objects.map((object, i) => {
    const rank = ranks[i] ?? null;
    return `${object} (${rank === null ? 'unmarked' : `TLP:${TLP_NAMES[rank]}`})`;
  });
  return `object${objects.length > 1 ? 's' : ''} ${told.join(', ')}`;
}

function kindOf(group: { group: string; open: boolean; hidden: boolean }): string {
  const kinds = [group.open ? 'open' : 'closed', ...(group.hidden ? ['members hidden'] : [])];
  return `${group.group} (${kinds.join(', ')})`;
}

function namesOf(names: readonly string[]): string {
  return names.length > 0 ? names.join(' + ') : 'nobody named';
}
