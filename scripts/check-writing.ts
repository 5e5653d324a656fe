/**
 * What the step `words` of `npm run check` must refuse and what it must let pass, for the self-test.
 */
import type { Case } from './check-offences.ts';

/** Joined here, since this file is checked too. */
const [misspelled, american] = [['mess', 'sage'].join(''), ['fav', 'or'].join('')];
const [banned, on] = [['a', 'new'].join(''), 'on'];

function prose(name: string, path: string, text: string, phrase = banned): Case {
  const told = new RegExp(`${path.replaceAll('.', '\\.')}:\\d+: "${phrase}"`);
  return { step: 'words', name: `a banned phrase in ${name}`, files: { [path]: text }, told };
}

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
  prose('a document', 'docs/banned.md', `# Cursors\n\nRead ${banned}.\n`),
  prose(
    'a comment over two lines',
    'src/log/comment.ts',
    `/**\n * The sequencer goes\n * ${on}.\n */\nexport {};\n`,
    `goes ${on}`,
  ),
  prose('a text', 'src/log/text.ts', `export const detail = 'Read it ${banned}';\n`),
  prose(
    'the title of a test',
    'test/title.test.ts',
    `import { it } from 'vitest';\nit('reads ${banned}', () => {});\n`,
  ),
  {
    step: 'words',
    name: 'a banned word in code, or as a part of another',
    alone: true,
    files: {
      'docs/code.md': `# Code\n\nUse \`${banned}\`, in the lane.\n`,
      'test/literal.test.ts': `export const statement = 'create table ${banned} as select 1';\n`,
    },
  },
];
