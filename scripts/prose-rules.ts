/**
 * Turns of phrase that Tocsin's texts do not use, with what to write instead. They are ordinary words in
 * an unusual sense, or clauses where a reader expects a noun, and make a reader stop and read again.
 */
import type { Kind } from './prose-pieces.ts';

export interface Rule {
  /** A space stands for any white space; case is ignored. */
  banned: RegExp;
  write: string;
  /** The kinds of prose it applies to; all of them unless given. */
  kinds?: Kind[];
}

export interface ProseFault {
  /** Where in the text it begins. */
  index: number;
  fault: string;
}

const texts: Kind[] = ['text'];

const rules: Rule[] = [
  // Clauses as subjects or objects.
  { banned: /\bwho(?:m)?ever\b/, write: 'name the subject: "a member that", "anyone who"' },
  {
    banned: /(?-i:(?:^|\. )Whom? )[^.?:;,]*\./,
    write: 'begin the sentence with a noun: "Users who …"',
    kinds: texts,
  },
  {
    banned: /\b(?:to|of|for|by|from|with) who\b/,
    write: '"to a member that …", "to anyone who …"',
  },
  { banned: /\bwhose word\b/, write: 'say who is trusted, and with what' },
  // Ordinary verbs in an unusual sense.
  { banned: /\bmend(?:s|ed|ing)?\b/, write: '"fix"' },
  { banned: /\b(?:is|are|was|were|been|be|being) told\b/, write: '"receives", "is shown", "sees"' },
  { banned: /\b(?:is|are|be) had\b/, write: '"is available"' },
  { banned: /\b(?:goes|go|went|going) on(?! (?:to|the)\b)\b/, write: '"continues", "still works"' },
  {
    banned: /\b(?:lies|lying|lay) (?:in|at|on|under|with|outside|inside|between|there|beside)\b/,
    write: '"is in"',
  },
  { banned: /\b(?:takes?|took|taking|taken) the place of\b/, write: '"replaces"' },
  { banned: /\b(?:takes?|took|taking|taken) away\b/, write: '"removes", "deletes"' },
  { banned: /\b(?:is|are|was|were) over\b(?! \d)/, write: '"has ended", "has expired"' },
  { banned: /\bkept\b/, write: '"stored", "retained", "unchanged"', kinds: texts },
  // Unusual adverbs and negations.
  { banned: /\banew\b/, write: '"again"' },
  { banned: /\bfor good\b/, write: '"permanently"' },
  { banned: /\bon end\b/, write: '"in a row"' },
  { banned: /\bthis once\b/, write: '"only once"' },
  {
    banned:
      /(?<!\bthere )\b(?:is|are|was|were) no (?!longer|more\b|later|earlier|less|better|use\b)/,
    write: '"is not a …", "has no …"',
  },
  { banned: /\b(?:has|have|had) not (?:a|an|any|the|\d+)\b/, write: '"does not have …"' },
  // Organisations, keys and users.
  { banned: /\b(?:he|him|himself|his)\b/, write: '"it" or "they"' },
];

/** The patterns of the rules, with line breaks allowed where they have a space. */
const compiled = rules.map((rule) => ({
  ...rule,
  pattern: new RegExp(rule.banned.source.replaceAll(' ', '\\s+'), 'gim'),
}));

/** The banned phrases in a text of a kind. */
export function faultsOfProse(text: string, kind: Kind): ProseFault[] {
  return compiled
    .filter(({ kinds }) => kinds?.includes(kind) ?? true)
    .flatMap(({ pattern, write }) =>
      [...text.matchAll(pattern)].map((match) => ({
        index: match.index,
        fault: `"${match[0].replaceAll(/\s+/g, ' ').trim()}": ${write}`,
      })),
    );
}
