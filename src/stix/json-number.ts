/** Numbers that a double carries without a change that anybody could see (RFC 7493 section 2.2). */

const PARTS = /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/**
 * True when the JSON number, read as a double and written again, is the same decimal value:
 * `1.10` and `1e3` are, `12345678901234567890` and `1e400` are not.
 */
export function isRepresentable(source: string): boolean {
  const double = Number(source);
  return Number.isFinite(double) && decimalOf(source) === decimalOf(String(double));
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
