import { parsePattern } from '../../src/stix/pattern/parser.ts';
import { patternOf } from '../indicators.ts';
import { rate, type Bench } from '../measurement.ts';

const WARM_UP = 50_000;

/** The whole parser, on patterns of one comparison each. */
export const patterns: Bench = {
  name: 'patterns',
  about: 'patterns of one comparison parsed into syntax trees, in one thread',
  objects: 1_000_000,
  async *run(objects) {
    parseAll(texts(WARM_UP));
    const given = texts(objects);
    const seconds = parseAll(given);
    yield await Promise.resolve({
      measured: {
        bench: 'patterns',
        ...rate(objects, seconds),
        ran: 'addresses, domains, URLs and SHA-256 hashes in equal parts, one thread',
      },
      target: { perSecond: 500_000 },
    });
  },
};

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => patternOf(index));
}

/** Seconds that parsing takes; a text that is not a pattern throws. */
function parseAll(given: readonly string[]): number {
  const start = performance.now();
  let nodes = 0;
  for (const text of given) nodes += parsePattern(text).expression.kind === 'observation' ? 1 : 0;
  const seconds = (performance.now() - start) / 1000;
  if (nodes !== given.length) throw new Error('A pattern was read as something else');
  return seconds;
}
