import { Readable } from 'node:stream';

/** Results that are written at a time. */
const PIECE = 500;

/** An answer of few results is one text. */
export function isSmall(results: readonly unknown[]): boolean {
  return results.length <= PIECE;
}

/** The JSON of an answer with many results, last among its members, written as it is sent. */
export function resultsAnswer(head: object, results: readonly unknown[]): Readable {
  function* pieces(): Generator<string> {
    for (let from = 0; from < results.length; from += PIECE) {
      const texts = results.slice(from, from + PIECE).map((result) => JSON.stringify(result));
      yield `${from === 0 ? '' : ','}${texts.join(',')}`;
    }
  }
  return withResults(head, pieces());
}

/** The same, of results that are text already. */
export function withResults(
  head: object,
  results: Iterable<string> | AsyncIterable<string | Buffer>,
): Readable {
  async function* all(): AsyncGenerator<string | Buffer> {
    yield `${JSON.stringify(head).slice(0, -1)},"results":[`;
    yield* results;
    yield ']}';
  }
  return Readable.from(all());
}
