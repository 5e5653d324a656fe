/** Who is behind an attack, who is hit, and what happened: STIX 2.1 sections 4.2 to 4.17. */
import { z } from 'zod';
import { domainObject } from './properties.ts';
import { listOf, timestamp } from './part.ts';
import { notBefore } from './rule.ts';

const text = z.string().optional();
const texts = listOf(z.string()).optional();

/** 4.2 */
export const campaign = domainObject('campaign', {
  name: z.string(),
  description: text,
  aliases: texts,
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
  objective: text,
}).check(notBefore('last_seen', 'first_seen', 'STIX 2.1 section 4.2'));

/** 4.5 */
export const identity = domainObject('identity', {
  name: z.string(),
  description: text,
  roles: texts,
  identity_class: text,
  sectors: texts,
  contact_information: text,
});

/** 4.6 */
export const incident = domainObject('incident', { name: z.string(), description: text });

/** 4.9 */
export const intrusionSet = domainObject('intrusion-set', {
  name: z.string(),
  description: text,
  aliases: texts,
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
  goals: texts,
  resource_level: text,
  primary_motivation: text,
  secondary_motivations: texts,
}).check(notBefore('last_seen', 'first_seen', 'STIX 2.1 section 4.9'));

/** 4.17 */
export const threatActor = domainObject('threat-actor', {
  name: z.string(),
  description: text,
  threat_actor_types: texts,
  aliases: texts,
  first_seen: timestamp.optional(),
  last_seen: timestamp.optional(),
  roles: texts,
  goals: texts,
  sophistication: text,
  resource_level: text,
  primary_motivation: text,
  secondary_motivations: texts,
  personal_motivations: texts,
}).check(notBefore('last_seen', 'first_seen', 'STIX 2.1 section 4.17'));
