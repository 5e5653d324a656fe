/** Bundles: STIX 2.1 section 8. */
import type { Finding } from './finding.ts';

const CLAUSE = 'STIX 2.1 section 8';

export type Bundle =
  | {
      readonly ok: true;
      readonly id?: string;
      /** Only bundles of STIX 2.0 say it; see `liftObjects`. */
      readonly specVersion?: string;
      readonly objects: unknown[];
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
  if (isBareObject(bundle)) return { ok: true, objects: [value] };
  if (bundle.type !== 'bundle') {
    return refuse('not_a_bundle', '$.type', describeType(bundle.type));
  }
  const objects = bundle.objects ?? [];
  if (!Array.isArray(objects)) {
    return refuse('objects_not_a_list', '$.objects', 'expected a list of STIX objects');
  }
  const id = typeof bundle.id === 'string' ? { id: bundle.id } : {};
  const version =
    typeof bundle.spec_version === 'string' ? { specVersion: bundle.spec_version } : {};
  return { ok: true, ...id, ...version, objects };
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
