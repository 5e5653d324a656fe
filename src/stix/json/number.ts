/** Numbers that a double carries without a change that anybody could see (RFC 7493 section 2.2). */

const PARTS = /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** A double has up to so many significant digits in decimal. */
const DOUBLE_DIGITS = 17;
/** Number.prototype.toPrecision prints at most so many. */
const DIGITS_MAX = 100;
/** Below, doubles have fewer digits. */
const LEAST_NORMAL = 2 ** -1022;

/**
 * True when a double holds the JSON number: written again, it is the same decimal value (`1.10`,
 * `1e3`), also with more digits than are needed (`0.10000000000000001`). A fraction of at most 17
 * digits may differ from the nearest double by what no double shows (`48.856614000000001`). Not so a
 * whole number (`12345678901234567890`), longer fractions, and what is beyond all doubles (`1e400`).
 */
export function isRepresentable(source: string): boolean {
  const double = Number(source);
  if (!Number.isFinite(double)) return false;
  const given = decimalOf(source);
  if (given === decimalOf(String(double))) return true;
  const digits = given.indexOf('e');
  if (digits < 1 || digits > DIGITS_MAX) return false;
  const isFraction = given[digits + 1] === '-';
  if (isFraction && digits <= DOUBLE_DIGITS && Math.abs(double) >= LEAST_NORMAL) return true;

  return given === decimalOf(double.toPrecision(digits));
}

/** The value as digits without outer zeros and a power of ten, whatever the notation. */
function decimalOf(source: string): string {
  const [, whole = '', fraction = '', power = '0'] = PARTS.exec(source) ?? [];
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === '0') first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end -= 1;
  if (end === first) return '0';
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(digits.length - end);
  return `${digits.slice(first, end)}e${exponent}`;
}
