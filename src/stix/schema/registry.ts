/** Every object type of STIX 2.1 with its schema and the section that defines it. */
import { z } from 'zod';
import { campaign, identity, incident, intrusionSet, threatActor } from './actors.ts';
import { domainCommon, MODIFIED_BEFORE_CREATED_MAX_US, observableCommon } from './properties.ts';
import * as domain from './domain-objects.ts';
import * as host from './host-observables.ts';
import { extensionDefinition, languageContent, markingDefinition } from './meta.ts';
import * as network from './network-observables.ts';
import { typeName } from './part.ts';
import { relationship, sighting } from './relationships.ts';
import { notBefore } from './rule.ts';

/** An object type as the checks need it. */
export interface ObjectType {
  readonly schema: z.ZodType;
  readonly clause: string;
  /** The names of the properties that the specification defines for it. */
  readonly properties: ReadonlySet<string>;
}

type ObjectSchema = z.ZodObject;

const SCHEMAS: readonly (readonly [section: string, schema: ObjectSchema])[] = [
  ['4.1', domain.attackPattern],
  ['4.2', campaign],
  ['4.3', domain.courseOfAction],
  ['4.4', domain.grouping],
  ['4.5', identity],
  ['4.6', incident],
  ['4.7', domain.indicator],
  ['4.8', domain.infrastructure],
  ['4.9', intrusionSet],
  ['4.10', domain.location],
  ['4.11', domain.malware],
  ['4.12', domain.malwareAnalysis],
  ['4.13', domain.note],
  ['4.14', domain.observedData],
  ['4.15', domain.opinion],
  ['4.16', domain.report],
  ['4.17', threatActor],
  ['4.18', domain.tool],
  ['4.19', domain.vulnerability],
  ['5.1', relationship],
  ['5.2', sighting],
  ['6.1', host.artifact],
  ['6.2', network.autonomousSystem],
  ['6.3', host.directory],
  ['6.4', network.domainName],
  ['6.5', network.emailAddress],
  ['6.6', network.emailMessage],
  ['6.7', host.file],
  ['6.8', network.ipv4Address],
  ['6.9', network.ipv6Address],
  ['6.10', network.macAddress],
  ['6.11', host.mutex],
  ['6.12', network.networkTraffic],
  ['6.13', host.process],
  ['6.14', host.software],
  ['6.15', network.url],
  ['6.16', host.userAccount],
  ['6.17', host.windowsRegistryKey],
  ['6.18', host.x509Certificate],
  ['7.1', languageContent],
  ['7.2.1', markingDefinition],
  ['7.3', extensionDefinition],
];

/** The types of STIX 2.1 by name. */
export const OBJECT_TYPES: ReadonlyMap<string, ObjectType> = new Map(
  SCHEMAS.map(([section, schema]) => [
    typeOf(schema),
    describe(schema, `STIX 2.1 section ${section}`),
  ]),
);

/** An object of a type that an extension or a producer defined, with versions. */
export const CUSTOM_OBJECT = describe(
  z
    .looseObject({ type: typeName, ...domainCommon })
    .check(
      notBefore('modified', 'created', 'STIX 2.1 section 3.2', MODIFIED_BEFORE_CREATED_MAX_US),
    ),
  'STIX 2.1 section 3.2',
);

/** A cyber-observable object of such a type. */
export const CUSTOM_OBSERVABLE = describe(
  z.looseObject({ type: typeName, ...observableCommon }),
  'STIX 2.1 section 3.2',
);

function describe(schema: ObjectSchema, clause: string): ObjectType {
  return { schema, clause, properties: new Set(Object.keys(schema.shape)) };
}

function typeOf(schema: ObjectSchema): string {
  const type = schema.shape['type'];
  if (!(type instanceof z.ZodLiteral)) throw new Error('an object type has no name');
  return String([...type.values][0]);
}
