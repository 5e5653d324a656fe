import type { Case } from './attack.ts';
import {
  dearValidation,
  drippingSenders,
  junkLines,
  stalledSenders,
  strangersWithBombs,
  tooManyFaults,
  unknownMembers,
} from './body-cases.ts';
import {
  deafReaders,
  deafStreams,
  idleStreams,
  pipelines,
  strangersAtTheDoor,
} from './reader-cases.ts';
import {
  floods,
  manyAudiences,
  manyGroups,
  manySubscriptions,
  refreshes,
  signIns,
} from './writer-cases.ts';

/** All that is tried, in this order, by the name that the result gives it. */
export const CASES: Readonly<Record<string, Case>> = {
  'strangers-with-bombs': strangersWithBombs,
  'unknown-members': unknownMembers,
  'dear-validation': dearValidation,
  'too-many-faults': tooManyFaults,
  'stalled-senders': stalledSenders,
  'dripping-senders': drippingSenders,
  'junk-lines': junkLines,
  'deaf-readers': deafReaders,
  'deaf-streams': deafStreams,
  'idle-streams': idleStreams,
  pipelines,
  'strangers-at-the-door': strangersAtTheDoor,
  refreshes,
  'many-audiences': manyAudiences,
  'many-groups': manyGroups,
  'many-subscriptions': manySubscriptions,
  floods,
  'sign-ins': signIns,
};
