/** Bundles: STIX 2.1 section 8. */
import { didYouMean } from '../../spelling.ts';
import type { Finding } from '../check/finding.ts';
import { isIdentifierOf } from '../identifier.ts';
import { jsonPath } from '../json/fault.ts';

/** What a bundle has; `spec_version` in STIX 2.0. */
const MEMBERS: readonly string[] = ['type', 'id', 'spec_version', 'objects'];
const UNKNOWN_MAX = 10;

const CLAUSE = 'STIX 2.1 section 8';

export type Bundle =
  | {
      readonly ok: true;
      readonly id?: string;
      /** Only bundles of STIX 2.0 say it; see `liftObjects`. */
      readonly specVersion?: string;
      readonly objects: unknown[];
      /** What is doubtful about the bundle itself. */
      readonly warnings: readonly Finding[];
    }
  | { readonly ok: false; readonly error: Finding };

/**
 * Opens a bundle without looking into its objects, which are checked one by one. One object without a
 * bundle around it, as many publish them, is read as a bundle of that object.
 * A bundle without `objects` is empty (the property is optional).
 */
export function readBundle(value: unknown): Bundle {
  if (Array.isArray(value)) {
    const detail =
      'a bare list; wrap it: {"type": "bundle", "id": "bundle--<uuid>", "objects": […]}';
    return refuse('not_a_bundle', '$', detail);
  }
  if (typeof value !== 'object' || value === null) {
    return refuse('not_a_bundle', '$', 'expected an object of type "bundle"');
  }
  const bundle = value as Readonly<Record<'type' | 'id' | 'spec_version' | 'objects', unknown>>;
  if (isBareObject(bundle)) return { ok: true, objects: [value], warnings: [] };
  if (bundle.type !== 'bundle') {
    return refuse('not_a_bundle', '$.type', describeType(bundle.type));
  }
  const unknown = Object.keys(bundle).filter((name) => !MEMBERS.includes(name));
  const misspelt = misspeltObjects(bundle, unknown);
  if (misspelt !== undefined) return misspelt;
  const objects = bundle.objects ?? [];
  if (!Array.isArray(objects)) {
    return refuse('objects_not_a_list', '$.objects', 'expected a list of STIX objects');
  }
  const id = typeof bundle.id === 'string' ? { id: bundle.id } : {};
  const version =
    typeof bundle.spec_version === 'string' ? { specVersion: bundle.spec_version } : {};
  const warnings = warningsOf(bundle.id, objects, unknown);
  return { ok: true, ...id, ...version, objects, warnings };
}

/** What the bundle has beyond a bundle is ignored, and named. */
function warningsOf(
  id: unknown,
  objects: readonly unknown[],
  unknown: readonly string[],
): readonly Finding[] {
  const warnings: Finding[] = unknown.slice(0, UNKNOWN_MAX).map((name) => ({
    code: 'unknown_member',
    path: jsonPath([name]),
    detail: 'A bundle has no such member. It was ignored.',
    clause: CLAUSE,
  }));
  if (
    id !== undefined &&
    !isIdentifierOf('bundle', typeof id === 'string' ? id.toLowerCase() : id)
  ) {
    const detail = 'The id of a bundle is bundle--<UUID>. It was ignored.';
    warnings.push({ code: 'invalid_id', path: '$.id', detail, clause: CLAUSE });
  }
  if (objects.length === 0) {
    const detail = 'The bundle has no objects, so nothing was shared.';
    warnings.push({ code: 'bundle_empty', path: '$.objects', detail, clause: CLAUSE });
  }
  return warnings;
}

/**
 * A bundle may have no objects. One that has something else instead was meant to have some: to answer
 * that nothing was wrong would lose them without a word.
 */
function misspeltObjects(bundle: object, unknown: readonly string[]): Bundle | undefined {
  if (Object.hasOwn(bundle, 'objects')) return undefined;
  const name = unknown.find(
    (one) => didYouMean(one, MEMBERS) !== '' || Array.isArray(Reflect.get(bundle, one)),
  );
  if (name === undefined) return undefined;
  const detail = `Unknown member: \`${name.slice(0, 60)}\`. Did you mean \`objects\`?`;
  return refuse('unknown_member', jsonPath([name]), detail);
}

function isBareObject(value: { readonly type: unknown; readonly id: unknown }): boolean {
  const { type, id } = value;
  return typeof type === 'string' && type !== 'bundle' && id !== undefined;
}

function describeType(type: unknown): string {
  if (typeof type !== 'string') return 'expected "type": "bundle", found no type';
  return `expected "type": "bundle", found ${JSON.stringify(type.slice(0, 60))}`;
}

function refuse(code: string, path: string, detail: string): Bundle {
  return { ok: false, error: { code, path, detail, clause: CLAUSE } };
}
