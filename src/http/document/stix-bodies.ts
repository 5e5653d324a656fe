/**
 * What the bodies of posts are, for the document. They are not validated by these schemas: each
 * object is checked by stix/ and told its own outcome.
 */
import type { Bodies } from './document.ts';

const INDICATOR = {
  type: 'indicator',
  spec_version: '2.1',
  id: 'indicator--2b9d6f0a-6f0a-4c57-9d3c-0a1d7b5c3e11',
  created: '2026-11-02T08:15:00.000Z',
  modified: '2026-11-02T08:15:00.000Z',
  name: 'Beacon of a loader',
  indicator_types: ['malicious-activity'],
  pattern: "[domain-name:value = 'beacon.example.com']",
  pattern_type: 'stix',
  valid_from: '2026-11-02T08:15:00Z',
  valid_until: '2026-12-02T08:15:00Z',
  confidence: 85,
  object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
};

const time = { type: 'string', format: 'date-time' };
const text = { type: 'string' };
const texts = { type: 'array', items: text };
/** An object whose members the server accepts as STIX defines them, and others beside them. */
const open = (
  description: string,
  properties: Readonly<Record<string, object>>,
  required: readonly string[],
) => ({ type: 'object', description, properties, required, additionalProperties: true });

const HASHES = { type: 'object', additionalProperties: text };

const externalReference = open(
  'STIX 2.1 section 2.5',
  { source_name: text, description: text, url: text, external_id: text, hashes: HASHES },
  ['source_name'],
);
const granularMarking = open(
  'STIX 2.1 section 7.2.3',
  { marking_ref: text, lang: text, selectors: texts },
  ['selectors'],
);
const killChainPhase = open('STIX 2.1 section 2.10', { kill_chain_name: text, phase_name: text }, [
  'kill_chain_name',
  'phase_name',
]);

const indicator = {
  ...open(
    'One STIX 2.1 indicator (section 4.7). Properties beyond these are stored as they are.',
    {
      type: { const: 'indicator' },
      spec_version: { const: '2.1' },
      id: text,
      created_by_ref: text,
      created: time,
      modified: time,
      revoked: { type: 'boolean' },
      labels: texts,
      confidence: { type: 'integer', minimum: 0, maximum: 100 },
      lang: text,
      external_references: { type: 'array', items: externalReference },
      object_marking_refs: texts,
      granular_markings: { type: 'array', items: granularMarking },
      extensions: { type: 'object', additionalProperties: true },
      name: text,
      description: text,
      indicator_types: texts,
      pattern: text,
      pattern_type: text,
      pattern_version: text,
      valid_from: time,
      valid_until: time,
      kill_chain_phases: { type: 'array', items: killChainPhase },
    },
    ['type', 'spec_version', 'id', 'created', 'modified', 'pattern', 'pattern_type', 'valid_from'],
  ),
  examples: [INDICATOR],
};

const bundle = {
  type: 'object',
  description: 'A STIX 2.1 bundle (section 8). Its objects are checked one by one.',
  properties: {
    type: { const: 'bundle' },
    id: text,
    objects: {
      type: 'array',
      items: open('A STIX 2.1 object', { type: text, id: text }, ['type', 'id']),
    },
  },
  required: ['type'],
  additionalProperties: true,
  examples: [
    { type: 'bundle', id: 'bundle--2f5d3f8e-97b5-4b7c-8c0e-6d4f7d5b2a10', objects: [INDICATOR] },
  ],
};

const lines = {
  type: 'string',
  description: 'One STIX object per line, any number of lines.',
  examples: [`${JSON.stringify(INDICATOR)}\n`],
};

export const BUNDLE_BODIES: Bodies = {
  'application/json': bundle,
  'application/stix+json': bundle,
  'application/x-ndjson': lines,
};

export const INDICATOR_BODIES: Bodies = {
  'application/json': indicator,
  'application/stix+json': indicator,
};
