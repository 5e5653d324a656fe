/** What is allowed but told: an object is kept with these warnings. STIX 2.1. */
import type { Finding } from './finding.ts';
import { readIdentifier } from '../identifier.ts';
import { jsonPath } from '../json/fault.ts';
import { meaningOf } from '../marking/marking.ts';
import type { StixObject } from '../object.ts';
import { SCO_TYPES } from '../object.ts';
import { ownValues } from '../observables.ts';
import { PREDEFINED_EXTENSIONS } from '../schema/predefined-extensions.ts';
import { scoIdOf } from '../sco-id.ts';
import { microsecondsBetween } from '../timestamp.ts';
import { isPredefinedMarking } from '../marking/tlp.ts';
import { HASH_ALGORITHMS, OPEN_VOCABULARIES } from '../vocabulary.ts';

const MILLISECONDS = /\.[0-9]{3,}Z$/;
const CVE = /^CVE-[0-9]{4}-[0-9]{4,19}$/;
const CAPEC = /^CAPEC-[0-9]{1,9}$/;

/** The warnings on an object that has no errors. */
export function adviceOn(object: StixObject): Finding[] {
  const found: Finding[] = [];
  const warn = (code: string, path: string, detail: string, section: string): void => {
    found.push({ code, path, detail, clause: `STIX 2.1 section ${section}` });
  };
  adviseOnTimes(object, warn);
  adviseOnId(object, warn);
  adviseOnVocabularies(object, warn);
  adviseOnReferences(object, warn);
  adviseOnExtensions(object, warn);
  if (SCO_TYPES.has(object.type)) adviseOnObservable(object, warn);
  if (object.type === 'marking-definition') adviseOnMarking(object, warn);
  if (object.type === 'observed-data' && object.objects !== undefined) {
    warn('deprecated_property', '$.objects', 'observable containers are deprecated', '4.14');
  }
  return found;
}

type Warn = (code: string, path: string, detail: string, section: string) => void;

/** Section 7.2.1.4: each level has one marking. Another one counts for what it says. */
function adviseOnMarking(object: StixObject, warn: Warn): void {
  const meaning = isPredefinedMarking(object.id) ? 'none' : meaningOf(object);
  if (meaning === 'none') return;
  if (meaning === 'unknown') {
    warn('tlp_unknown', '$', 'the definition says TLP but no known level', '7.2.1.4');
    return;
  }
  const detail = `is read as TLP:${meaning.toUpperCase()}: use the predefined marking of that level`;
  warn('tlp_not_predefined', '$.id', detail, '7.2.1.4');
}

function adviseOnTimes(object: StixObject, warn: Warn): void {
  for (const name of ['created', 'modified'] as const) {
    const text = object[name];
    if (typeof text === 'string' && !MILLISECONDS.test(text)) {
      warn('timestamp_precision', `$.${name}`, 'is less precise than milliseconds', '3.2');
    }
  }
  const { created, modified, start_time: start, stop_time: stop } = object;
  if (typeof start === 'string' && typeof stop === 'string' && object.type === 'relationship') {
    const detail = 'is the same as start_time; leave out the one that is not known';
    if (microsecondsBetween(start, stop) === 0) warn('empty_window', '$.stop_time', detail, '5.1');
  }
  if (created === modified) return;
  if (typeof created !== 'string' || typeof modified !== 'string') return;
  if (microsecondsBetween(created, modified) < 0) {
    const detail = 'is before created by less than a millisecond';
    warn('modified_before_created', '$.modified', detail, '3.2');
  }
}

function adviseOnId(object: StixObject, warn: Warn): void {
  const identifier = readIdentifier(object.id);
  if (!identifier) return;
  if (identifier.uuid !== identifier.uuid.toLowerCase()) {
    warn(
      'id_not_lower_case',
      '$.id',
      'the UUID has upper-case digits; it is stored as given',
      '2.9',
    );
  }
  if (identifier.uuidVersion > 5) {
    warn(
      'uuid_version',
      '$.id',
      `UUID version ${identifier.uuidVersion} is newer than STIX`,
      '2.9',
    );
  }
  if (!SCO_TYPES.has(object.type) || identifier.uuidVersion !== 5) return;
  const expected = scoIdOf(object);
  if (expected !== object.id) {
    const detail = expected
      ? `a deterministic id would be ${expected}`
      : 'expected a random UUIDv4';
    warn('sco_id_differs', '$.id', detail, '2.9');
  }
}

function adviseOnVocabularies(object: StixObject, warn: Warn): void {
  const vocabularies = OPEN_VOCABULARIES[object.type];
  if (!vocabularies) return;
  for (const [name, vocabulary] of Object.entries(vocabularies)) {
    const given = object[name];
    if (given === undefined) continue;
    for (const value of Array.isArray(given) ? given.slice(0, 20) : [given]) {
      if (typeof value === 'string' && !vocabulary.includes(value)) {
        const detail = `'${value.slice(0, 60).toWellFormed()}' is not in the open vocabulary`;
        warn('not_in_vocabulary', `$.${name}`, detail, '10');
      }
    }
  }
}

function adviseOnReferences(object: StixObject, warn: Warn): void {
  const { external_references: references } = object;
  if (!Array.isArray(references)) return;
  references.slice(0, 100).forEach((reference: Readonly<Record<string, unknown>>, index) => {
    const { source_name: source, external_id: id, url } = reference;
    const path = jsonPath(['external_references', index]);
    const form = source === 'cve' ? CVE : source === 'capec' ? CAPEC : undefined;
    if (form && !(typeof id === 'string' && form.test(id))) {
      const detail = `expected an identifier of ${String(source).toUpperCase()}`;
      warn('doubtful_external_id', `${path}.external_id`, detail, '4.19');
    }
    if (typeof url === 'string' && !URL.canParse(url)) {
      warn('not_a_url', `${path}.url`, 'cannot be read as a URL', '2.5');
    }
  });
}

/** An extension is defined by the specification, or by an object whose id is its key. */
function adviseOnExtensions({ type, extensions }: StixObject, warn: Warn): void {
  if (typeof extensions !== 'object' || extensions === null) return;
  const predefined = PREDEFINED_EXTENSIONS[type] ?? {};
  for (const name of Object.keys(extensions).slice(0, 20)) {
    if (Object.hasOwn(predefined, name) || isExtensionId(name)) continue;
    const detail = `is neither an extension that STIX defines for ${type} nor the id of an extension definition`;
    warn('undefined_extension', jsonPath(['extensions', name]), detail, '7.3');
  }
}

function isExtensionId(name: string): boolean {
  return readIdentifier(name)?.type === 'extension-definition';
}

function adviseOnObservable(object: StixObject, warn: Warn): void {
  for (const { property, kind, value, doubts } of ownValues(object)) {
    if (kind === 'mac-addr' && doubts.length === 0 && value !== object[property]) {
      warn('mac_address_form', `$.${property}`, `STIX writes it ${value}`, '6.10');
    }
    for (const { code, detail } of doubts) {
      if (code === 'defanged_value' && object.defanged === true) continue;
      warn(code, `$.${property}`, detail, '6');
    }
  }
  const { hashes } = object;
  if (typeof hashes !== 'object' || hashes === null) return;
  for (const algorithm of Object.keys(hashes)) {
    if (!HASH_ALGORITHMS.includes(algorithm)) {
      const path = jsonPath(['hashes', algorithm]);
      warn('not_in_vocabulary', path, 'the hash algorithm is not in the open vocabulary', '10.7');
    }
  }
}
