/** STIX Meta Objects: STIX 2.1 section 7. */
import { z } from 'zod';
import { ENUMERATIONS } from '../vocabulary.ts';
import { domainCommon, domainObject, unversionedCommon } from './properties.ts';
import { dictionary, identifier, isLanguage, listOf, refTo, timestamp } from './part.ts';
import { breach, must } from './rule.ts';

/** 7.1: translations by language code. */
export const languageContent = domainObject('language-content', {
  object_ref: identifier,
  object_modified: timestamp.optional(),
  contents: dictionary(z.looseObject({})).check((given) => {
    for (const code of Object.keys(given.value)) {
      if (isLanguage(code)) continue;
      const detail = 'expected a language code such as en or pt-BR';
      breach(given, { code: 'invalid_language', detail, clause: 'STIX 2.1 section 7.1' }, code);
    }
  }),
});

const MARKING = 'STIX 2.1 section 7.2.1';

/** 7.2.1 */
export const markingDefinition = z
  .looseObject({
    type: z.literal('marking-definition'),
    ...unversionedCommon,
    name: z.string().optional(),
    definition_type: z.string().optional(),
    definition: z.looseObject({}).optional(),
  })
  .check(
    must(
      (marking) =>
        marking.extensions !== undefined ||
        (marking.definition_type !== undefined && marking.definition !== undefined),
      {
        code: 'missing_property',
        detail: 'expected definition_type and definition, or extensions',
        clause: MARKING,
      },
    ),
    must((marking) => marking.definition_type !== 'statement' || hasText(marking, 'statement'), {
      code: 'missing_property',
      detail: 'a statement marking needs definition.statement',
      clause: 'STIX 2.1 section 7.2.1.3',
    }),
    must((marking) => marking.definition_type !== 'tlp' || hasText(marking, 'tlp'), {
      code: 'missing_property',
      detail: 'a TLP marking needs definition.tlp',
      clause: 'STIX 2.1 section 7.2.1.4',
    }),
    must((marking) => !marksItself(marking), {
      code: 'marking_circular',
      detail: 'a marking definition cannot mark itself',
      clause: 'STIX 2.1 section 3.2',
    }),
  );

function hasText(marking: Readonly<Record<string, unknown>>, name: string): boolean {
  const definition = marking.definition as Readonly<Record<string, unknown>> | undefined;
  return typeof definition?.[name] === 'string';
}

function marksItself(marking: Readonly<Record<string, unknown>>): boolean {
  const refs = (marking.object_marking_refs ?? []) as readonly unknown[];
  const granular = (marking.granular_markings ?? []) as readonly { marking_ref?: unknown }[];
  return refs.includes(marking.id) || granular.some((one) => one.marking_ref === marking.id);
}

const EXTENSION = 'STIX 2.1 section 7.3';

/** 7.3 */
export const extensionDefinition = z
  .looseObject({
    type: z.literal('extension-definition'),
    ...domainCommon,
    created_by_ref: refTo('identity'),
    name: z.string(),
    description: z.string().optional(),
    schema: z.string(),
    version: z.string(),
    extension_types: listOf(z.enum(ENUMERATIONS.extensionType)),
    extension_properties: listOf(z.string()).optional(),
  })
  .check(
    must(
      (extension) =>
        extension.extension_properties === undefined ||
        (extension.extension_types as readonly unknown[]).includes('toplevel-property-extension'),
      {
        code: 'property_not_allowed',
        detail: 'extension_properties is for the type toplevel-property-extension only',
        clause: EXTENSION,
      },
      'extension_properties',
    ),
  );
