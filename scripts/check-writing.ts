/**
 * What the step `words` of `npm run check` must refuse and what it must let pass, for the self-test.
 */
import type { Case } from './check-offences.ts';

/** Joined here, since this file is checked too. */
const [misspelled, american] = [['mess', 'sage'].join(''), ['fav', 'or'].join('')];

export const writing: Case[] = [
  {
    step: 'words',
    name: 'a misspelled word in a document',
    files: { 'docs/spelling.md': `# The ${misspelled}\n` },
    told: new RegExp(`docs/spelling\\.md.*${misspelled}`),
  },
  {
    step: 'words',
    name: 'American spelling in a comment',
    files: { 'src/log/spelling.ts': `/** A ${american} to readers. */\nexport {};\n` },
    told: new RegExp(`src/log/spelling\\.ts.*${american}`),
  },
];
