/** What lists of values are, for the document: each value is checked by itself and told its own outcome. */
import { z } from 'zod';
import { ValueContext } from '../../formats/list/context.ts';
import type { Bodies } from './document.ts';

const options = { io: 'input' } as const;
const { $schema: _, ...context } = z.toJSONSchema(ValueContext, options);
const value = {
  description: 'A value, or a value with its own context',
  anyOf: [
    { type: 'string' },
    {
      ...context,
      properties: {
        ...context.properties,
        value: { type: 'string' },
        type: { type: 'string', description: 'Its type, such as `domain` or `md5`' },
      },
      required: ['value'],
    },
  ],
};

export const LIST_BODIES: Bodies = {
  'application/json': {
    ...context,
    description: 'Values with the context that all of them have',
    properties: { ...context.properties, values: { type: 'array', items: value, minItems: 1 } },
    required: ['values'],
    examples: [
      {
        values: [
          '198.51.100.7',
          'hxxps://login[.]example/a',
          { value: 'evil.example', tlp: 'amber' },
        ],
        labels: ['phishing'],
        tlp: 'green',
        confidence: 80,
        valid_until: '2027-01-31',
      },
    ],
  },
  'text/csv': {
    type: 'string',
    description: 'A table with a header; separated by commas, semicolons, tabs or bars',
    examples: ['ioc,comment,tlp\nevil[.]example,Phishing,green\n'],
  },
  'text/plain': {
    type: 'string',
    description: 'One value per line; lines that begin with # are comments',
    examples: ['# Command and control\n198.51.100.7:8443\nevil[.]example\n'],
  },
};
