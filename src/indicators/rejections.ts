/** Why an object of a request is rejected beside what is stored. Pure. */
import { VARIANTS_MAX, type AskedAudience } from './asked-audience.ts';
import type { Decision } from './decision.ts';
import type { Candidate } from './examine.ts';

/** Whether it is a marking definition, which has no versions (STIX 2.1 section 7.2.1). */
export function isDefinition({ stixId }: Candidate): boolean {
  return stixId.startsWith('marking-definition--');
}

export function conflict(candidate: Candidate, modified: string): Decision {
  if (isDefinition(candidate)) return redefined();
  return {
    outcome: 'rejected',
    code: 'version_conflict',
    path: '$.modified',
    detail: `Other content is stored under this id and \`modified\` (${modified}): give the new content a later \`modified\``,
  };
}

function redefined(): Decision {
  return {
    outcome: 'rejected',
    code: 'marking_redefined',
    path: '$.id',
    detail:
      'Another definition is stored under this id, and a marking definition never changes. Use another id',
  };
}

export function audienceNeeded({ slugs, partIds }: AskedAudience): Decision {
  const community = [...partIds].map((id) => slugs.get(id) ?? '').join(', ');
  return {
    outcome: 'rejected',
    code: 'audience_needed',
    path: '$.id',
    detail:
      `Your organisation shares this object with a narrower audience than ${community}, its default community. ` +
      'Name the audience of the new version in `audience`; GET /api/v1/shares/{id} shows the present one',
  };
}

export function revokedIsFinal(): Decision {
  return {
    outcome: 'rejected',
    code: 'revoked_is_final',
    path: '$.modified',
    detail:
      'The object is already revoked, so it cannot have further versions. To share its content again, use a new id',
  };
}

export function purgedIsGone(): Decision {
  return {
    outcome: 'rejected',
    code: 'purged',
    path: '$.id',
    detail: 'An administrator purged this object. Delete every copy, and do not share it again.',
  };
}

export function tooManyVariants(): Decision {
  return {
    outcome: 'rejected',
    code: 'too_many_variants',
    path: '$',
    detail:
      `The organisation shares this object with ${VARIANTS_MAX} audiences, each with content or a level of ` +
      'its own. Use PATCH /api/v1/objects/{id} with `audience` to give one content to all',
  };
}
