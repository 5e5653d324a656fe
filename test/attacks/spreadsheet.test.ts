/** Names that members choose, where a spreadsheet, an address book or a terminal would act on them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, describe, it } from 'vitest';
import { neutralised, toCsv, toVcards } from '../../src/http/rest/directory-export.ts';
import type { OrganisationView } from '../../src/store/members/directory.ts';
import { createLogger, inertJson, inertText } from '../../src/telemetry.ts';

const SEPARATORS = [',', ';', '\t', '|', '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029'];
const FORMULA_CHARACTERS = Array.from('=+-@＝＋－＠﹦﹢﹣﹫−');
const FILLERS = [' ', '\u00a0', '\u200b', '\ufeff', '\u202e', '"', "'", "''", '""', '\u3000'];

const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SEPARATORS),
      fc.constantFrom(...FORMULA_CHARACTERS),
      fc.constantFrom(...FILLERS),
      fc.constantFrom('a', '1', 'Ada', 'cmd|x', '1+1', '\\'),
      fc.string({ unit: 'grapheme' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function organisation(name: string, contactName = 'Duty officer'): OrganisationView {
  const contact = {
    role: 'duty',
    name: contactName,
    email: 'duty@example.org',
    phone: '+49 30 1234',
    pgpKey: '',
    smimeCertificate: '',
    hours: '24/7',
    shown: true,
  };
  const facts = { id: 1, slug: 'cert-a', kind: 'allied_nation', status: 'active', country: 'DE' };
  const sharing = { defaultCommunity: null, defaultTlp: 2 };
  return { ...facts, ...sharing, name, identities: ['identity--1'], contacts: [contact] };
}

/** The cells of a file, by a spreadsheet that splits on one character and heeds quotes or not. */
function cells(file: string, separator: string, heedsQuotes: boolean): string[] {
  const found: string[] = [];
  let cell = '';
  let quoted = false;
  for (const character of file) {
    if (heedsQuotes && character === '"') quoted = !quoted;
    if (!quoted && (character === separator || character === '\n' || character === '\r')) {
      found.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...found, cell];
}

/** Whether a spreadsheet may run a cell: what it drops or ignores before a formula is dropped here. */
function isFormula(cell: string): boolean {
  let rest = cell;
  while (/^[\s\p{Cf}\u0085"]/u.test(rest)) rest = rest.slice(1);
  return FORMULA_CHARACTERS.some((character) => rest.startsWith(character));
}

/** How a reader of the documents removes what was inserted: one apostrophe where a formula could begin. */
function restored(cell: string): string {
  let text = '';
  for (let at = 0; at < cell.length; at += 1) {
    const before = at === 0 ? '\n' : cell.charAt(at - 1);
    const after = cell.slice(at + 1).replaceAll("'", '');
    const isInserted = cell[at] === "'" && SEPARATORS.includes(before) && isFormula(after);
    if (!isInserted) text += cell.charAt(at);
  }
  return text;
}

/** The cell as it was before: what starts a formula gets an apostrophe at the start of the cell only. */
function firstCharacterOnly(text: string): string {
  const plain = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const runs = (file: string) =>
  SEPARATORS.some((separator) =>
    [true, false].some((heeds) => cells(file, separator, heeds).some(isFormula)),
  );

describe('a name in the CSV export', () => {
  it.each([
    'Ada;=1+1',
    'Ada\t=1+1',
    'Ada; \u200b=1+1',
    'Ada,+1',
    'Ada|@SUM(1)',
    'Ada\r\n-1',
    '＝1+1',
    '"=1+1',
    `";=1+1`,
    'Ada\u2028=1',
    'Ada;﹦1',
  ])('%j is not a formula in any spreadsheet', (name) => {
    expect(runs(toCsv([organisation(name, name)]))).toBe(false);
  });

  it('is not a formula, whatever it is and however a spreadsheet splits', () => {
    fc.assert(
      fc.property(anyText, (name) => !runs(toCsv([organisation(name, name)]))),
      { numRuns: 2000 },
    );
  });

  it('would be one if only its first character were looked at', () => {
    expect(runs(`${firstCharacterOnly('Ada;=1+1')}\r\n`)).toBe(true);
  });

  it('can be restored by removing what was inserted', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(restored(neutralised(name))).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays readable by a parser of RFC 4180', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const file = toCsv([organisation(name)]);
        const row = file.slice(file.indexOf('\r\n') + 2);
        const parsed = [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/gy)];
        expect(parsed).toHaveLength(10);
        expect(parsed[1]?.[1]?.replaceAll('""', '"') ?? parsed[1]?.[2]).toBe(neutralised(name));
      }),
      { numRuns: 1000 },
    );
  });
});

it('a name in the vCard export adds no line and no card', () => {
  const isLine = /^(?:BEGIN|END|VERSION|FN|ORG|ROLE|EMAIL|TEL|ADR|NOTE|KEY)[:;]/;
  const evil = fc.oneof(anyText, fc.constantFrom('\r\nEND:VCARD', '\u0085KEY:x', '\u2028FN:y'));
  fc.assert(
    fc.property(evil, (name) => {
      const card = toVcards([organisation(name, name)]).replaceAll('\r\n ', '');
      const lines = card.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).slice(0, -1);
      expect(lines).toHaveLength(10);
      expect(lines.every((line) => isLine.test(line))).toBe(true);
      expect(card).not.toMatch(/[^\P{Cc}\r\n]/u);
    }),
    { numRuns: 1000 },
  );
});

describe('a name on a terminal', () => {
  const sequences = fc.constantFrom(
    '\u001b[2J',
    '\u009b2J',
    '\u202egpj.exe',
    '\u0007',
    '\r',
    '\u2066',
  );
  const evil = fc
    .array(fc.oneof(sequences, fc.string({ unit: 'binary' })))
    .map((all) => all.join(''));
  const ACTS = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

  it('does nothing in text, and keeps its lines', () => {
    fc.assert(
      fc.property(evil, (name) => {
        expect(inertText(name)).not.toMatch(ACTS);
        expect(inertText(name).split('\n')).toHaveLength(name.split('\n').length);
      }),
    );
  });

  it('does nothing in JSON, which stands for the same value', () => {
    fc.assert(
      fc.property(evil, (name) => {
        const json = inertJson(JSON.stringify({ name }));
        expect(json).not.toMatch(ACTS);
        expect(JSON.parse(json)).toEqual({ name });
      }),
    );
  });

  it('does nothing in a line of the log', () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    logger.info({ name: '\u001b[2J \u009b2J \u202egpj.exe' }, 'a name');
    expect(lines.join('')).not.toMatch(ACTS);
  });

  it('is written by one file of the commands, which makes it inert', () => {
    const folder = join(import.meta.dirname, '../../src/commands');
    const own = new Set(['output.ts']);
    const files = globSync('**/*.ts', { cwd: folder }).filter((file) => !own.has(file));
    expect(files.length).toBeGreaterThan(20);
    const writers = files.filter((file) =>
      /process\.std(?:out|err)|console\./.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(writers).toEqual([]);
  });
});
