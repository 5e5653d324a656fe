/**
 * What a text says about TLP: labels, names and definitions as tools and people write them
 * (`tlp:amber+strict`, ` TLP:RED`, `Traffic Light Protocol: green`, `TLP 2.0 AMBER STRICT`).
 */
import { strictestOf, TLP_ORDER, type Tlp } from './tlp.ts';

/** A level, or `unknown` for a text that says TLP without a level that can be read. */
export type TlpSaid = Tlp | 'unknown';

const ASCII = /^[\0-\x7f]*$/;
/** Characters that show nothing: zero-width spaces and joiners, soft hyphens, directions. */
const INVISIBLE = /\p{Cf}/gu;
const SAYS_TLP = /tlp|traffic/;
const BETWEEN_WORDS = /[^a-z0-9+]+/;
/** `tlp`, `tlpv2`, and `tlpred` where no character stands between. */
const TLP_WORD = /^tlp(?:v?[12])?([a-z+]*)$/;
/** What may stand between TLP and the level. */
const FILLERS: ReadonlySet<string> = new Set(
  '0 1 2 v v1 v2 version is level marking marked color colour designation protocol tlp'.split(' '),
);
const WORDS: ReadonlyMap<string, Tlp> = new Map([
  ...TLP_ORDER.map((tlp) => [tlp, tlp] as const),
  ['white', 'clear'],
]);

/** The strictest level that follows a mention of TLP; undefined for a text that does not mention it. */
export function tlpSaidIn(text: string): TlpSaid | undefined {
  const plain = (
    ASCII.test(text) ? text : text.normalize('NFKC').replace(INVISIBLE, '')
  ).toLowerCase();
  if (!SAYS_TLP.test(plain)) return undefined;
  const words = plain.replaceAll(/\s*\+\s*/g, '+').split(BETWEEN_WORDS);
  let said: TlpSaid | undefined;
  words.forEach((word, at) => {
    const attached = TLP_WORD.exec(word)?.[1] ?? (isSpeltOut(words, at) ? '' : undefined);
    if (attached === undefined) return;
    const level =
      attached === ''
        ? levelAfter(words, at + 1)
        : levelAt([attached, ...words.slice(at + 1, at + 2)], 0);
    said = stricter(said, level ?? 'unknown');
  });
  return said;
}

/** The stricter of two sayings; any level is more than none. */
export function stricter(
  one: TlpSaid | undefined,
  other: TlpSaid | undefined,
): TlpSaid | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === 'unknown') return other;
  return other === 'unknown' ? one : strictestOf(one, other);
}

function isSpeltOut(words: readonly string[], at: number): boolean {
  return words[at - 2] === 'traffic' && words[at - 1] === 'light' && words[at] === 'protocol';
}

function levelAfter(words: readonly string[], start: number): Tlp | undefined {
  let at = start;
  while (FILLERS.has(words[at] ?? '')) at += 1;
  let strictest: Tlp | undefined;
  // Several may be listed: `TLP:GREEN/AMBER`.
  for (let level = levelAt(words, at); level !== undefined; level = levelAt(words, at)) {
    strictest = strictestOf(strictest ?? level, level);
    at += 1;
    if (words[at]?.startsWith('strict') === true || words[at] === 'or' || words[at] === 'and')
      at += 1;
  }
  return strictest;
}

/** The level of the word: whatever is added to AMBER makes it stricter. */
function levelAt(words: readonly string[], at: number): Tlp | undefined {
  const word = words[at] ?? '';
  const isAmber = word.startsWith('amber');
  if (isAmber && (word.length > 'amber'.length || words[at + 1]?.startsWith('strict') === true)) {
    return /^amber(?:\+|strict)/.test(word) || word === 'amber' ? 'amber+strict' : undefined;
  }
  return WORDS.get(word);
}
