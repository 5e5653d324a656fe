/** STIX Domain Objects: STIX 2.1 section 4, apart from those that say who is behind an attack. */
import { z } from 'zod';
import { typeOfIdentifier } from '../identifier.ts';
import { SDO_TYPES, SMO_TYPES } from '../object.ts';
import { ENUMERATIONS } from '../vocabulary.ts';
import { domainObject, killChainPhases } from './properties.ts';
import { dictionary, identifier, listOf, refTo, refWhere, timestamp } from './part.ts';
import { after, must, needs, notBefore, notBoth, oneOf } from './rule.ts';

const text = z.string().optional();
const texts = listOf(z.string()).optional();
const COUNT_MAX = 999_999_999;

/** 4.1 */
export const attackPattern = domainObject('attack-pattern', {
  name: z.string(),
  description: text,
  aliases: texts,
  kill_chain_phases: killChainPhases,
});

/** 4.3 */
export const courseOfAction = domainObject('course-of-action', {
  name: z.string(),
  description: text,
});

/** 4.4 */
export const grouping = domainObject('grouping', {
  name: text,
  description: text,
  context: z.string(),
  object_refs: listOf(identifier),
});

/** 4.7: the pattern itself is read apart (`pattern/`). */
export const indicator = domainObject('indicator', {
  name: text,
  description: text,
  indicator_types: texts,
  pattern: z.string(),
  pattern_type: z.string(),
  pattern_version: text,
  valid_from: timestamp,
  valid_until: timestamp.optional(),
  kill_chain_phases: killChainPhases,
}).check(after('valid_until', 'valid_from', 'STIX 2.1 section 4.7'));

/** 4.8 */
export const infrastructure = domainObject('infrastructure', {
  name: z.string(),
  description: text,
  infrastructure_types: texts,
  aliases: texts,
  kill_chain_phases: killChainPhases,
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
}).check(notBefore('last_seen', 'first_seen', 'STIX 2.1 section 4.8'));

const LOCATION = 'STIX 2.1 section 4.10';

/** 4.10: at least a region, a country, or a latitude and longitude. */
export const location = domainObject('location', {
  name: text,
  description: text,
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  precision: z.number().min(0).optional(),
  region: text,
  country: text,
  administrative_area: text,
  city: text,
  street_address: text,
  postal_code: text,
}).check(
  oneOf(['region', 'country', 'latitude', 'longitude'], LOCATION),
  needs('latitude', 'longitude', LOCATION),
  needs('longitude', 'latitude', LOCATION),
  needs('precision', 'latitude', LOCATION),
);

const MALWARE = 'STIX 2.1 section 4.11';

/** 4.11 */
export const malware = domainObject('malware', {
  name: text,
  description: text,
  malware_types: texts,
  is_family: z.boolean(),
  aliases: texts,
  kill_chain_phases: killChainPhases,
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
  operating_system_refs: listOf(refTo('software')).optional(),
  architecture_execution_envs: texts,
  implementation_languages: texts,
  capabilities: texts,
  sample_refs: listOf(refTo('file', 'artifact')).optional(),
}).check(
  notBefore('last_seen', 'first_seen', MALWARE),
  must(
    (object) => object.is_family !== true || object.name !== undefined,
    { code: 'missing_property', detail: 'a malware family needs a name', clause: MALWARE },
    'name',
  ),
);

/** 4.12 */
export const malwareAnalysis = domainObject('malware-analysis', {
  product: z.string(),
  version: text,
  host_vm_ref: refTo('software').optional(),
  operating_system_ref: refTo('software').optional(),
  installed_software_refs: listOf(refTo('software')).optional(),
  configuration_version: text,
  modules: texts,
  analysis_engine_version: text,
  analysis_definition_version: text,
  submitted: timestamp.optional(),
  analysis_started: timestamp.optional(),
  analysis_ended: timestamp.optional(),
  result_name: text,
  result: text,
  analysis_sco_refs: listOf(identifier).optional(),
  sample_ref: refTo('file', 'artifact', 'network-traffic').optional(),
}).check(oneOf(['result', 'analysis_sco_refs'], 'STIX 2.1 section 4.12'));

/** 4.13 */
export const note = domainObject('note', {
  abstract: text,
  content: z.string(),
  authors: texts,
  object_refs: listOf(identifier),
});

const OBSERVED_DATA = 'STIX 2.1 section 4.14';

/** 4.14: what was observed, as references or, as in STIX 2.0, as a container (2.13). */
export const observedData = domainObject('observed-data', {
  first_observed: timestamp,
  last_observed: timestamp,
  number_observed: z.int().min(1).max(COUNT_MAX),
  objects: dictionary(z.looseObject({ type: z.string() })).optional(),
  object_refs: listOf(
    refWhere(
      (type) => !SDO_TYPES.has(type) && !SMO_TYPES.has(type),
      'expected a reference to a cyber-observable or relationship object',
    ),
  ).optional(),
}).check(
  notBefore('last_observed', 'first_observed', OBSERVED_DATA),
  oneOf(['objects', 'object_refs'], OBSERVED_DATA),
  notBoth('objects', 'object_refs', OBSERVED_DATA),
  must(
    ({ object_refs: refs }) => !Array.isArray(refs) || refs.length === 0 || refs.some(isObservable),
    {
      code: 'ref_type_not_allowed',
      detail: 'expected a reference to at least one cyber-observable object',
      clause: OBSERVED_DATA,
    },
    'object_refs',
  ),
);

/** Types of others may be cyber-observable objects too. */
function isObservable(ref: unknown): boolean {
  const type = typeof ref === 'string' ? typeOfIdentifier(ref) : '';
  return type !== 'relationship' && type !== 'sighting';
}

/** 4.15 */
export const opinion = domainObject('opinion', {
  explanation: text,
  authors: texts,
  opinion: z.enum(ENUMERATIONS.opinion),
  object_refs: listOf(identifier),
});

/** 4.16 */
export const report = domainObject('report', {
  name: z.string(),
  description: text,
  report_types: texts,
  published: timestamp,
  object_refs: listOf(identifier),
});

/** 4.18 */
export const tool = domainObject('tool', {
  name: z.string(),
  description: text,
  tool_types: texts,
  aliases: texts,
  kill_chain_phases: killChainPhases,
  tool_version: text,
});

/** 4.19 */
export const vulnerability = domainObject('vulnerability', { name: z.string(), description: text });
