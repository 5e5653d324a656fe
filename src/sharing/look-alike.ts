/**
 * Names that people take for one another: confusable detection of Unicode TS 39 §4, with the confusables that
 * Unicode publishes (as unhomoglyph has them) and the letters that those map elsewhere or not at all. Pure.
 */
import confusables from 'unhomoglyph';

/** Letters that look like a Latin one in lower case too, or in the capitals of a name; Unicode has к as ĸ, and І as l. */
const LOOKS = new Map(
  'ІI ЇI ΙI ԚQ вb кk мm нh тt їi ӏl βb εe ηn κk τt χx ωw øo łl ǃl'
    .split(' ')
    .map(([letter = '', looks = '']) => [letter, looks]),
);

/** What tells nothing: marks on letters, and characters that are not seen. */
const UNSEEN = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether people could take one for the other. The same name is a look-alike of itself. */
export function looksLike(name: string, other: string): boolean {
  return (
    skeleton(name, asLetters) === skeleton(other, asLetters) ||
    skeleton(name, asStrokes) === skeleton(other, asStrokes)
  );
}

function skeleton(name: string, fold: (text: string) => string): string {
  const plain = name.normalize('NFKD').replaceAll(UNSEEN, '');
  const latin = plain.replaceAll(
    /[^\0-\x7f]/gu,
    (letter) => LOOKS.get(letter) ?? confusables(letter),
  );
  return fold(latin)
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** In lower case: CERT-A is cert-a. */
function asLetters(text: string): string {
  return text.toLowerCase();
}

/** I, l and | are one stroke, which L is not: CERT AI is CERT Al, but IL is not LI. */
function asStrokes(text: string): string {
  return text.replaceAll(/[I|]/g, 'l').replaceAll(/[^L]+/g, (rest) => rest.toLowerCase());
}
