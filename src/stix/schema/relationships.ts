/** STIX Relationship Objects: STIX 2.1 section 5. */
import { z } from 'zod';
import { SCO_TYPES } from '../object.ts';
import { domainObject } from './properties.ts';
import { listOf, refTo, refWhere, timestamp } from './part.ts';
import { breach, notBefore } from './rule.ts';

const NOT_A_NODE = new Set([
  'relationship',
  'sighting',
  'bundle',
  'language-content',
  'marking-definition',
  'extension-definition',
]);
const RELATIONSHIP_TYPE = /^[a-z0-9-]+$/;
const COUNT_MAX = 999_999_999;

const node = refWhere(
  (type) => !NOT_A_NODE.has(type),
  'expected a reference to a domain or cyber-observable object',
);

/** 5.1 */
export const relationship = domainObject('relationship', {
  relationship_type: z.string().check((given) => {
    if (RELATIONSHIP_TYPE.test(given.value)) return;
    breach(given, {
      code: 'invalid_relationship_type',
      detail: 'expected lower-case letters, digits and hyphens',
      clause: 'STIX 2.1 section 5.1',
    });
  }),
  description: z.string().optional(),
  source_ref: node,
  target_ref: node,
  start_time: timestamp.optional(),
  stop_time: timestamp.optional(),
}).check(notBefore('stop_time', 'start_time', 'STIX 2.1 section 5.1'));

/** 5.2 */
export const sighting = domainObject('sighting', {
  description: z.string().optional(),
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
  count: z.int().min(0).max(COUNT_MAX).optional(),
  sighting_of_ref: refWhere(
    (type) => !NOT_A_NODE.has(type) && !SCO_TYPES.has(type),
    'expected a reference to a domain object',
  ),
  observed_data_refs: listOf(refTo('observed-data')).optional(),
  where_sighted_refs: listOf(refTo('identity', 'location')).optional(),
  summary: z.boolean().optional(),
}).check(notBefore('last_seen', 'first_seen', 'STIX 2.1 section 5.2'));
