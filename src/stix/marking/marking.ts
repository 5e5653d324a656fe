/** How an object is marked with TLP, by its references and by its labels: STIX 2.1 section 7.2. */
import type { Finding } from '../check/finding.ts';
import { jsonPath } from '../json/fault.ts';
import { strictestOf, tlpOfMarking, type Tlp } from './tlp.ts';
import { stricter, tlpSaidIn, type TlpSaid } from './tlp-text.ts';

/** What a marking definition says about TLP; `none` for one that does not mention it. */
export type Meaning = TlpSaid | 'none';

/** What is known of marking definitions, by their id in lower case. */
export type Meanings = ReadonlyMap<string, Meaning>;

type Properties = Readonly<Record<string, unknown>>;

/** The level that a marking definition states, whatever its id; `unknown` where it says TLP without one. */
export function meaningOf(definition: object): Meaning {
  const { definition: body, definition_type: type, extensions, ...own } = definition as Properties;
  const { name, x_opencti_definition: alias, x_opencti_definition_type: aliasType } = own;
  let said: TlpSaid | undefined;
  for (const kind of [type, aliasType]) {
    if (typeof kind === 'string' && tlpSaidIn(kind) !== undefined) said = 'unknown';
  }
  // Where the type says TLP, the texts need not.
  const prefix = said === undefined ? '' : 'tlp ';
  for (const text of [name, alias, typeof body === 'string' ? body : undefined]) {
    if (typeof text === 'string') said = stricter(said, tlpSaidIn(`${prefix}${text}`));
  }
  said = stricter(said, saidByMembers(body));
  if (isObject(extensions)) {
    for (const extension of Object.values(extensions))
      said = stricter(said, saidByMembers(extension));
  }
  return said ?? 'none';
}

/** `{"tlp": "red"}`, `{"TLP": "TLP:RED"}`, `{"tlp_2_0": "red"}`, `{"statement": "TLP:RED"}`. */
function saidByMembers(value: unknown): TlpSaid | undefined {
  if (!isObject(value)) return undefined;
  let said: TlpSaid | undefined;
  for (const [key, text] of Object.entries(value)) {
    const prefix = tlpSaidIn(key) === undefined ? '' : 'tlp ';
    if (typeof text === 'string') said = stricter(said, tlpSaidIn(`${prefix}${text}`));
    else if (prefix !== '') said = stricter(said, 'unknown');
  }
  return said;
}

/** Adds what the object says where it is a marking definition. Of several of one id the strictest counts. */
export function addMeaning(meanings: Map<string, Meaning>, object: unknown): void {
  if (!isObject(object) || object['type'] !== 'marking-definition') return;
  const { id } = object;
  if (typeof id !== 'string') return;
  const key = id.toLowerCase();
  meanings.set(key, stricterMeaning(meanings.get(key), meaningOf(object)));
}

function stricterMeaning(one: Meaning | undefined, other: Meaning): Meaning {
  if (one === undefined || one === 'none') return other;
  return other === 'none' ? one : (stricter(one, other) ?? other);
}

/** How an object is marked. */
export interface Marked {
  /** The strictest level of its markings, granular ones included, and labels; undefined: none. */
  readonly tlp: Tlp | undefined;
  /** The steps to what states that level; undefined: nothing does. */
  readonly at: Steps | undefined;
  /** What may mean a level that nobody can tell. */
  readonly doubts: readonly Finding[];
}

const UNMARKED: Marked = { tlp: undefined, at: undefined, doubts: [] };

/** The levels that mark the object or any part of it, with what is known of definitions. */
export function markedBy(object: object, meanings: Meanings): Marked {
  const refs = markingRefs(object);
  const labels = tlpLabels(object);
  if (refs.length === 0 && labels.length === 0) return UNMARKED;
  let tlp: Tlp | undefined;
  let strictestAt: Steps | undefined;
  const doubts: Finding[] = [];
  const count = (said: TlpSaid, at: Steps, doubt: () => Finding): void => {
    if (said === 'unknown') {
      doubts.push(doubt());
    } else if (tlp === undefined || strictestOf(tlp, said) !== tlp) {
      tlp = said;
      strictestAt = at;
    }
  };
  for (const { ref, at } of refs) {
    const meaning = tlpOfMarking(ref) ?? meanings.get(ref.toLowerCase());
    if (meaning === undefined) doubts.push(unknownMarking(at, ref));
    else if (meaning !== 'none')
      count(meaning, at, () => unknownTlp(at, 'The definition of this marking'));
  }
  for (const { said, at } of labels) count(said, at, () => unknownTlp(at, 'The label'));
  return { tlp, at: strictestAt, doubts };
}

/** The markings, other than the predefined ones, that a value refers to or defines, as it writes their ids. */
export function ownMarkingsIn(value: unknown): string[] {
  if (!isObject(value)) return [];
  const ids = markingRefs(value).map(({ ref }) => ref);
  const { type, id } = value;
  if (type === 'marking-definition' && typeof id === 'string') ids.push(id);
  return ids.filter((one) => tlpOfMarking(one) === undefined);
}

function unknownMarking(at: Steps, ref: string): Finding {
  const detail = `No definition of ${ref.slice(0, 60).toWellFormed()} is known, so the object has the default level of your organisation. Post the definition before or with it`;
  return { code: 'marking_unknown', path: jsonPath(at), detail, clause: 'STIX 2.1 section 7.2.1' };
}

function unknownTlp(at: Steps, what: string): Finding {
  const detail = `${what} says TLP but no known level: use CLEAR, GREEN, AMBER, AMBER+STRICT or RED`;
  return { code: 'tlp_unknown', path: jsonPath(at), detail, clause: 'STIX 2.1 section 7.2.1.4' };
}

/** The steps of a JSONPath. */
export type Steps = readonly (string | number)[];

interface Ref {
  readonly ref: string;
  readonly at: Steps;
}

function markingRefs(object: object): Ref[] {
  const { object_marking_refs: whole, granular_markings: granular } = object as Properties;
  if (whole === undefined && granular === undefined) return [];
  const refs: Ref[] = [];
  listOf(whole).forEach((ref, index) => {
    if (typeof ref === 'string') refs.push({ ref, at: ['object_marking_refs', index] });
  });
  listOf(granular).forEach((marking, index) => {
    const ref = isObject(marking) ? marking['marking_ref'] : undefined;
    if (typeof ref !== 'string') return;
    refs.push({ ref, at: ['granular_markings', index, 'marking_ref'] });
  });
  return refs;
}

/** Where tools put labels; lifting from STIX 2.0 moves them to the types. */
const LABELS: ReadonlySet<string> = new Set([
  'labels',
  'indicator_types',
  'malware_types',
  'report_types',
  'threat_actor_types',
  'tool_types',
]);
/** Labels under names of a tool's own: `label`, `tags`, `x_misp_tags`. */
const LIKE_LABELS = /(?:^|_)(?:labels?|tags?)$/i;

function tlpLabels(object: object): { said: TlpSaid; at: Steps }[] {
  const found: { said: TlpSaid; at: Steps }[] = [];
  for (const [name, value] of Object.entries(object) as [string, unknown][]) {
    // `"tlp": "red"`, `"x_tlp_level": "TLP:RED"`: where the name says TLP, the text need not.
    const prefix = tlpSaidIn(name) === undefined ? '' : `${name} `;
    if (prefix === '' && !LABELS.has(name) && !LIKE_LABELS.test(name)) continue;
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    texts.forEach((text, index) => {
      const said = saidBy(text, prefix);
      if (said !== undefined)
        found.push({ said, at: Array.isArray(value) ? [name, index] : [name] });
    });
  }
  return found;
}

function saidBy(text: unknown, prefix: string): TlpSaid | undefined {
  if (typeof text === 'string') return tlpSaidIn(`${prefix}${text}`);
  return prefix === '' ? undefined : 'unknown';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
