/** How large and how complex a pattern may be (STIX 2.1 section 9 sets no limits). */

/** What one pattern may cost; longer and deeper ones are refused. */
export const PATTERN_LIMITS = {
  bytes: 256 * 1024,
  depth: 64,
  comparisons: 1024,
  observations: 1024,
  qualifiers: 1024,
  constants: 10_000,
} as const;

/** What is said of a pattern that has too many bytes of UTF-8. */
export function tooLong(bytes: number, bytesMax: number): string {
  return `the pattern has ${bytes} bytes; the limit is ${bytesMax} bytes`;
}
