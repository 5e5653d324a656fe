/** The common properties: STIX 2.1 section 3.2, and the types they hold (2.5, 7.2.3, 7.3). */
import { z } from 'zod';
import { ENUMERATIONS } from '../vocabulary.ts';
import { dictionary, hashes, identifier, language, listOf, refTo, timestamp } from './part.ts';
import { breach, must, notBefore, oneOf } from './rule.ts';

const markingRef = refTo('marking-definition');

/** 2.5. */
const externalReference = z
  .looseObject({
    source_name: z.string(),
    description: z.string().optional(),
    url: z.string().optional(),
    hashes: hashes.optional(),
    external_id: z.string().optional(),
  })
  .check(oneOf(['description', 'url', 'external_id'], 'STIX 2.1 section 2.5.2'));

/** 7.2.3.1: exactly one of a marking and a language. */
const granularMarking = z
  .looseObject({
    lang: language.optional(),
    marking_ref: markingRef.optional(),
    selectors: listOf(z.string()),
  })
  .check(
    must((marking) => (marking.lang === undefined) !== (marking.marking_ref === undefined), {
      code: 'granular_marking_choice',
      detail: 'expected exactly one of marking_ref and lang',
      clause: 'STIX 2.1 section 7.2.3.1',
    }),
  );

/** 7.3: what stands under an extension definition's id says how it extends. */
const extensions = dictionary(z.looseObject({})).check((given) => {
  for (const [key, extension] of Object.entries(given.value)) {
    const type = (extension as { extension_type?: unknown }).extension_type;
    const clause = 'STIX 2.1 section 3.2';
    if (Object.keys(extension).length === 0) {
      breach(given, { code: 'empty_dictionary', detail: 'an extension is empty', clause }, key);
    } else if (type === undefined && key.startsWith('extension-definition--')) {
      const detail = 'extension_type is missing';
      breach(given, { code: 'missing_property', detail, clause }, key, 'extension_type');
    } else if (type !== undefined && !EXTENSION_TYPES.has(type)) {
      const detail = `expected one of ${ENUMERATIONS.extensionType.join(', ')}`;
      breach(given, { code: 'value_not_allowed', detail, clause }, key, 'extension_type');
    }
  }
});
const EXTENSION_TYPES: ReadonlySet<unknown> = new Set(ENUMERATIONS.extensionType);

const marked = {
  object_marking_refs: listOf(markingRef).optional(),
  granular_markings: listOf(granularMarking).optional(),
};

/** Section 3.2, of all objects that know markings and extensions: cyber-observable objects. */
export const observableCommon = {
  id: identifier,
  spec_version: z.literal('2.1').optional(),
  defanged: z.boolean().optional(),
  extensions: extensions.optional(),
  ...marked,
};

/** Section 3.2, of marking definitions, which have no versions. */
export const unversionedCommon = {
  id: identifier,
  spec_version: z.literal('2.1'),
  created: timestamp,
  created_by_ref: refTo('identity').optional(),
  external_references: listOf(externalReference).optional(),
  extensions: extensions.optional(),
  ...marked,
};

/** Section 3.2, of domain and relationship objects. */
export const domainCommon = {
  ...unversionedCommon,
  modified: timestamp,
  revoked: z.boolean().optional(),
  labels: listOf(z.string()).optional(),
  confidence: z.int().min(0).max(100).optional(),
  lang: language.optional(),
};

/** 2.11. */
export const killChainPhases = listOf(
  z.looseObject({ kill_chain_name: z.string(), phase_name: z.string() }),
).optional();

/** Tools cut `modified` to milliseconds and leave `created` as it was. */
export const MODIFIED_BEFORE_CREATED_MAX_US = 999;

const modifiedOrder = notBefore(
  'modified',
  'created',
  'STIX 2.1 section 3.2',
  MODIFIED_BEFORE_CREATED_MAX_US,
);
const notDefanged = must((object) => object.defanged === undefined, {
  code: 'property_not_allowed',
  detail: 'defanged is for cyber-observable objects only',
  clause: 'STIX 2.1 section 3.2',
});

/** A domain or relationship object of the type, with its own properties beside the common ones. */
export function domainObject<T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z
    .looseObject({ type: z.literal(type), ...domainCommon, ...shape })
    .check(modifiedOrder, notDefanged);
}

/** A cyber-observable object of the type. */
export function observableObject<T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.looseObject({ type: z.literal(type), ...observableCommon, ...shape });
}
