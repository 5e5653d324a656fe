/** The one schema of filters: searches, saved searches and subscriptions are written in it. */
import { z } from 'zod';
import { TLP_ORDER } from '../stix/marking/tlp.ts';
import { comparableTimestamp } from '../stix/timestamp.ts';
import { DomainName, KillChainPhase, Network, Technique, Value } from './values.ts';
import { ProducerName, SLUG, StixId, TypeName } from './names.ts';

/** Values of one field, and of all fields together. */
const LIST_MAX = 100;
const VALUES_MAX = 300;

/** Shorter texts are in nearly every object. */
const TEXT_MIN = 3;

const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(LIST_MAX).optional();
const name = z.string().min(1).max(300);
const percent = z.number().int().min(0).max(100).optional();

/** A day, or a time with its offset, as a comparable timestamp. */
const Time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
    const time = comparableTimestamp(whole);
    if (time !== undefined) return time;
    context.addIssue({
      code: 'custom',
      message: 'must be a time such as 2026-01-31T12:30:00Z, or a day such as 2026-01-31',
    });
    return z.NEVER;
  })
  .optional();

const NO_NUL = /^[^\0]*$/;

const STATES = ['active', 'expired', 'revoked'] as const;

/** What a subscription filters by, too: it is decided by the content of an object alone. */
export const CONTENT_FIELDS = {
  types: list(TypeName).meta({ description: 'STIX object types' }),
  pattern_types: list(name).meta({ description: 'Pattern types of indicators: `stix`, `yara` …' }),
  labels: list(name).meta({ description: 'Labels' }),
  indicator_types: list(name).meta({ description: 'Indicator types' }),
  kill_chain_phases: list(KillChainPhase).meta({
    description:
      'Phases of kill chains: `delivery`, or `lockheed-martin-cyber-kill-chain/delivery`',
  }),
  techniques: list(Technique).meta({
    description:
      'ATT&CK techniques, from external references or labels: `T1566` includes its sub-techniques',
  }),
  producers: list(ProducerName).meta({
    description: 'Who created it: slugs of organisations, or STIX identities',
  }),
  confidence_min: percent.meta({ description: 'The least confidence' }),
  confidence_max: percent.meta({ description: 'The greatest confidence' }),
};

/** What can change while the content of an object stays as it is, or what only an index can find. */
const SEARCH_FIELDS = {
  observable_types: list(name).meta({
    description: 'Types of observables: `ipv4-addr`, `domain-name`, `hash:SHA-256` …',
  }),
  values: list(Value).meta({ description: 'Observables, exactly; defanged ones are understood' }),
  in_networks: list(Network).meta({ description: 'Addresses and networks within a network' }),
  under_domains: list(DomainName).meta({ description: 'A domain and all names under it' }),
  audiences: list(z.string().regex(SLUG, 'must be the slug of a community or sharing group')).meta({
    description: 'Communities and sharing groups of yours with which it was shared',
  }),
  tlp: list(z.enum(TLP_ORDER)).meta({ description: 'TLP levels at which it is shared with you' }),
  states: list(z.enum(STATES)).meta({ description: '`active`, `expired` or `revoked`' }),
  posted_since: Time.meta({ description: 'Accepted by the server at this time or later' }),
  posted_until: Time.meta({ description: 'Accepted by the server at this time or earlier' }),
  modified_since: Time.meta({ description: 'With a `modified` at this time or later' }),
  modified_until: Time.meta({ description: 'With a `modified` at this time or earlier' }),
  valid_since: Time.meta({ description: 'Still valid at this time' }),
  valid_until: Time.meta({ description: 'No longer valid at this time' }),
  related_to: list(StixId).meta({ description: 'One relationship away from one of these objects' }),
  text: list(
    z
      .string()
      .min(TEXT_MIN, `must have at least ${TEXT_MIN} characters`)
      .max(200)
      .regex(NO_NUL, 'must not contain NUL')
      .refine((text) => text.isWellFormed(), 'must not contain a lone surrogate'),
  ).meta({
    description: 'Texts, each of which is in the name, description, labels or pattern; any case',
  }),
};

const RANGES = [
  ['confidence_min', 'confidence_max'],
  ['posted_since', 'posted_until'],
  ['modified_since', 'modified_until'],
] as const;

/** Values of one field are alternatives; fields narrow one another. */
export const SearchFilter = z
  .strictObject({ ...CONTENT_FIELDS, ...SEARCH_FIELDS })
  .superRefine((filter, context) => {
    for (const [from, to] of RANGES) {
      const [lower, upper] = [filter[from], filter[to]];
      if (lower === undefined || upper === undefined || lower <= upper) continue;
      const message = `is before \`${from}\`, so that nothing can match`;
      context.addIssue({ code: 'custom', path: [to], message });
    }
    const values = Object.values(filter).flat().length;
    if (values <= VALUES_MAX) return;
    const message = `A filter has at most ${VALUES_MAX} values in all, and this one has ${values}`;
    context.addIssue({ code: 'custom', message });
  })
  .meta({ id: 'SearchFilter' });
export type SearchFilter = z.infer<typeof SearchFilter>;
export type SearchField = keyof SearchFilter;
