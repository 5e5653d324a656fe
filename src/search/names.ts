/** What the names in a filter can be: one that can match nothing is a mistake. */
import { z } from 'zod';
import { didYouMean } from '../spelling.ts';
import { OBJECT_TYPES } from '../stix/schema/registry.ts';

/** STIX 2.1 §3.1. */
const TYPE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
const IDENTITY = /^identity--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A type of STIX, or one that an extension or a producer defined; but none that is a misspelling of a type of
 * STIX, which would match nothing for ever.
 */
export const TypeName = z
  .string()
  .max(250)
  .superRefine((text, context) => {
    if (OBJECT_TYPES.has(text)) return;
    const meant = text.startsWith('x-') ? '' : didYouMean(text, [...OBJECT_TYPES.keys()]);
    if (TYPE.test(text) && meant === '') return;
    context.addIssue({
      code: 'custom',
      message: `must be a STIX object type, such as \`indicator\`, or a custom type.${meant}`,
    });
  });

/**
 * By its form alone: whether there is such an organisation is not said, since it may be hidden. One that
 * joins later is matched from then on.
 */
export const ProducerName = z
  .string()
  .max(63)
  .refine(
    (text) => (text.startsWith('identity--') ? IDENTITY : SLUG).test(text),
    'must be the slug of an organisation, or a STIX identity (`identity--` and a UUID in lower case)',
  );

const STIX_ID = /^[a-z][a-z0-9-]{0,249}--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of any object, whether anybody has it or not. */
export const StixId = z
  .string()
  .max(300)
  .regex(STIX_ID, 'must be the id of a STIX object: a type, `--` and a UUID in lower case');
