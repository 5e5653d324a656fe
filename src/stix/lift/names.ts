/** Names that changed between STIX 2.0 (parts 4 and 5) and STIX 2.1 (section 6). */

const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  directory: { created: 'ctime', modified: 'mtime', accessed: 'atime' },
  file: { created: 'ctime', modified: 'mtime', accessed: 'atime' },
  process: { created: 'created_time', binary_ref: 'image_ref' },
  'user-account': { password_last_changed: 'credential_last_changed' },
  'windows-registry-key': { modified: 'modified_time' },
};

/** Dictionaries whose keys the producer chooses: 2.0 allows a string where 2.1 requires a list. */
const LISTS_OF_TEXTS: ReadonlySet<string> = new Set(['request_header', 'additional_header_fields']);
/** Other dictionaries whose keys the producer chooses: a key such as `own_ref` is not a reference. */
const FREE_KEYS: ReadonlySet<string> = new Set([
  'environment_variables',
  'startup_info',
  'document_info_dict',
  'exif_tags',
  'options',
]);

/** The name in STIX 2.1 of a property that STIX 2.0 defines for objects of this type. */
export function nameIn21(type: string, name: string): string {
  const names = Object.hasOwn(RENAMED, type) ? RENAMED[type] : undefined;
  return names && Object.hasOwn(names, name) ? (names[name] ?? name) : name;
}

/** The name in STIX 2.1 of a hash algorithm. */
export function hashNameIn21(name: string): string {
  return name === 'ssdeep' ? 'SSDEEP' : name;
}

/** True for a property that holds hashes by algorithm. */
export function holdsHashes(name: string): boolean {
  return name === 'hashes' || name.endsWith('_hashes');
}

/** True for a dictionary with keys of the producer's own choice. */
export function isFreeDictionary(name: string): boolean {
  return FREE_KEYS.has(name) || LISTS_OF_TEXTS.has(name);
}

/** The value of such a dictionary as STIX 2.1 writes it: header fields hold lists (6.6, 6.12.5). */
export function dictionaryIn21(name: string, value: unknown): unknown {
  if (!LISTS_OF_TEXTS.has(name) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? [text] : text]),
  );
}
