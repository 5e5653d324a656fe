/**
 * What the bodies of posts are, for the document. They are not validated by these schemas: each
 * object is checked by stix/ and told its own outcome.
 */
import type { Bodies } from '../../document.ts';

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

const indicator = {
  type: 'object',
  description:
    'One STIX 2.1 indicator (section 4.7); properties beyond these are kept as they are.',
  properties: {
    type: { const: 'indicator' },
    spec_version: { const: '2.1' },
    id: { type: 'string' },
    created: { type: 'string', format: 'date-time' },
    modified: { type: 'string', format: 'date-time' },
    pattern: { type: 'string' },
    pattern_type: { type: 'string' },
    valid_from: { type: 'string', format: 'date-time' },
  },
  required: [
    'type',
    'spec_version',
    'id',
    'created',
    'modified',
    'pattern',
    'pattern_type',
    'valid_from',
  ],
  examples: [INDICATOR],
};

const bundle = {
  type: 'object',
  description: 'A STIX 2.1 bundle (section 8). Its objects are checked one by one.',
  properties: {
    type: { const: 'bundle' },
    id: { type: 'string' },
    objects: { type: 'array', items: { type: 'object' } },
  },
  required: ['type'],
  examples: [
    { type: 'bundle', id: 'bundle--2f5d3f8e-97b5-4b7c-8c0e-6d4f7d5b2a10', objects: [INDICATOR] },
  ],
};

const lines = {
  type: 'string',
  description: 'One STIX object a line, as many as there are.',
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
