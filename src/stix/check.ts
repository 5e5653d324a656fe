/** Checks one object: STIX 2.1 sections 3.2, 4.7 and 7.2.1. */
import { z } from 'zod';
import type { Finding } from './finding.ts';
import type { StixObject } from './object.ts';
import { SCO_TYPES } from './object.ts';
import { comparableTimestamp } from './timestamp.ts';
import { tlpOfMarking } from './tlp.ts';

export type { Finding } from './finding.ts';

export type Checked =
  | { readonly ok: true; readonly object: StixObject; readonly warnings: Finding[] }
  | {
      readonly ok: false;
      readonly id?: string;
      readonly errors: Finding[];
      readonly warnings: Finding[];
    };

const identifier = z
  .string()
  .regex(
    /^[a-z0-9-]{3,250}--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
  );
const timestamp = z.string().refine((text) => comparableTimestamp(text) !== undefined);

const sco = z.looseObject({
  type: z.string(),
  id: identifier,
  object_marking_refs: z.array(identifier).nonempty().optional(),
});
const domainObject = sco.extend({
  spec_version: z.string(),
  created: timestamp,
  modified: timestamp.optional(),
  created_by_ref: identifier.optional(),
  revoked: z.boolean().optional(),
  confidence: z.number().int().min(0).max(100).optional(),
  labels: z.array(z.string()).optional(),
});
const indicator = domainObject.extend({
  modified: timestamp,
  pattern: z.string().min(1).max(65536),
  pattern_type: z.string(),
  valid_from: timestamp,
  valid_until: timestamp.optional(),
});

/** Checks one value; the object in the answer is the very value given, nothing in it changed. */
export function checkObject(value: unknown): Checked {
  const special = specialFault(value);
  const id = idOf(value);
  if (special) return { ok: false, ...id, errors: [special], warnings: [] };
  const schema = schemaOf((value as StixObject).type);
  const parsed = schema.safeParse(value);
  if (parsed.success && isChecked(value)) return { ok: true, object: value, warnings: [] };
  const issues = parsed.error?.issues ?? [];
  const errors = issues.map((issue) => ({
    code: `invalid_${String(issue.path[0] ?? 'object')}`,
    path: `$.${issue.path.join('.')}`,
    detail: issue.message,
  }));
  return { ok: false, ...id, errors, warnings: [] };
}

function isChecked(value: unknown): value is StixObject {
  return typeof value === 'object' && value !== null && 'type' in value && 'id' in value;
}

function specialFault(value: unknown): Finding | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { code: 'not_an_object', path: '$', detail: 'expected a STIX object' };
  }
  const { type, id } = value as { type?: unknown; id?: unknown };
  if (typeof type !== 'string') {
    return { code: 'missing_type', path: '$.type', detail: 'the property type is missing' };
  }
  if (type === 'bundle') {
    return { code: 'nested_bundle', path: '$.type', detail: 'a bundle cannot hold a bundle' };
  }
  if (type === 'marking-definition' && typeof id === 'string' && tlpOfMarking(id)) {
    return { code: 'marking_redefined', path: '$.id', detail: 'a predefined marking' };
  }
  return undefined;
}

function schemaOf(type: string): z.ZodType {
  if (type === 'indicator') return indicator;
  return SCO_TYPES.has(type) ? sco : domainObject;
}

function idOf(value: unknown): { id?: string } {
  if (typeof value !== 'object' || value === null || !('id' in value)) return {};
  return typeof value.id === 'string' ? { id: value.id } : {};
}
