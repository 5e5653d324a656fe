/** The indicator of a value: STIX 2.1 section 4.7, but for the times, which depend on what is stored. */
import { canonicalJson } from '../../stix/json/canonical.ts';
import { TLP_2_IDS } from '../../stix/marking/tlp.ts';
import { patternOf } from '../../stix/pattern/of-value.ts';
import type { Recognised } from '../../stix/value/recognise.ts';
import { uuid5 } from '../../stix/uuid.ts';
import type { ValueContext } from './context.ts';

/** The namespace of the ids, which docs/lists.md gives: 16 octets in hexadecimal digits. */
const NAMESPACE = Buffer.from('0c6d2f8e51b94f0c8a3e6e1df2a7b945', 'hex');

/** An indicator without `created` and `modified`. */
export interface UndatedIndicator {
  readonly type: 'indicator';
  readonly id: string;
  readonly [property: string]: unknown;
}

/** Whose indicator it is. */
export interface Maker {
  readonly slug: string;
  /** The STIX identity in whose name it speaks. */
  readonly identity: string | undefined;
}

/** The same organisation and value have the same id, however the value was written. */
function indicatorIdOf({ slug }: Maker, { kind, value, port }: Recognised): string {
  const name = [slug, kind, value, ...(port === undefined ? [] : [port])];
  return `indicator--${uuid5(NAMESPACE, canonicalJson(name))}`;
}

/** Undefined for a value for which there is no pattern. */
export function indicatorOf(
  recognised: Recognised,
  context: ValueContext,
  maker: Maker,
): UndatedIndicator | undefined {
  const pattern = patternOf(recognised);
  if (pattern === undefined) return undefined;
  const { tlp, reference, name = nameOf(recognised), ...properties } = context;
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: indicatorIdOf(maker, recognised),
    ...(maker.identity === undefined ? {} : { created_by_ref: maker.identity }),
    name,
    ...properties,
    pattern,
    pattern_type: 'stix',
    pattern_version: '2.1',
    ...(reference === undefined ? {} : { external_references: [referenceTo(reference)] }),
    ...(tlp === undefined ? {} : { object_marking_refs: [TLP_2_IDS[tlp]] }),
  };
}

function nameOf({ kind, value, port }: Recognised): string {
  if (port === undefined) return value;
  return kind.startsWith('ipv6') ? `[${value}]:${port}` : `${value}:${port}`;
}

function referenceTo(text: string): object {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) {
    return { source_name: url.hostname, url: text };
  }
  return { source_name: 'reference', description: text };
}
