/** Finds the name that somebody probably meant, for error messages about unknown names. */
import { distance } from 'fastest-levenshtein';

/** A longer name was not mistyped, and comparing it would cost too much. */
const LENGTH_MAX = 64;

/** ` Did you mean \`name\`?`, or nothing; to be appended to a sentence. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
}

/** The known name that differs from `name` in case and a few letters only. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LENGTH_MAX) return undefined;
  const folded = fold(name);
  let nearest: { readonly known: string; readonly distance: number } | undefined;
  for (const one of known.filter(({ length }) => length <= LENGTH_MAX)) {
    const max = Math.floor(Math.max(name.length, one.length) / 3);
    const away = distanceWithin(
      folded,
      fold(one),
      Math.min(max, (nearest?.distance ?? Infinity) - 1),
    );
    if (away !== undefined) nearest = { known: one, distance: away };
  }
  return nearest?.known;
}

/** Whether the names differ in case and at most that many letters; fast enough for every name of a body. */
export function isNearly(name: string, known: string, letters: number): boolean {
  if (Math.abs(name.length - known.length) > letters) return false;
  return distance(fold(name), known) <= letters;
}

/** Two letters in the wrong order count as one mistake. Undefined where there are more than `max`. */
function distanceWithin(name: string, known: string, max: number): number | undefined {
  const plain = distance(name, known);
  if (plain > max + 1) return undefined;
  const swapped = Array.from(
    { length: name.length - 1 },
    (_, i) => 1 + distance(swap(name, i), known),
  );
  const least = Math.min(plain, ...swapped);
  return least <= max ? least : undefined;
}

/** The text with the letter at a place and the next one exchanged. */
function swap(text: string, at: number): string {
  return (
    text.slice(0, at) + text.slice(at + 1, at + 2) + text.slice(at, at + 1) + text.slice(at + 2)
  );
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-\s]/g, '_');
}
