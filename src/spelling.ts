/** Finds the name that somebody probably meant, for error messages about unknown names. */
import { closest, distance } from 'fastest-levenshtein';

/** A longer name was not mistyped, and comparing it would cost too much. */
const LENGTH_MAX = 64;

/** ` Did you mean \`name\`?`, or nothing; to be appended to a sentence. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
}

/** The known name that differs from `name` in case and a few letters only. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || name.length > LENGTH_MAX) return undefined;
  const folded = new Map(known.map((one) => [fold(one), one]));
  const nearest = closest(fold(name), [...folded.keys()]);
  const isNear = distance(fold(name), nearest) <= Math.floor(name.length / 3);
  return isNear ? folded.get(nearest) : undefined;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-\s]/g, '_');
}
