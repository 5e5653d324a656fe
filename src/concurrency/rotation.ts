/** Sources are equal again after this time, however often they had a turn before. */
const REMEMBERED_MS = 60_000;
/** Of so many turns, one is taken by the source that has waited longest for its next. */
const TURNS_PER_LONGEST_WAIT = 4;

/**
 * Items by source. The source with the fewest turns in the last minute is next, so that a newcomer
 * does not wait for those who keep coming back; among equals they take turns. Every fourth turn goes
 * to the source that has waited longest. Without this, a source that had many turns while it was alone
 * would wait until all others had as many. The items of one source keep their order.
 */
export class Rotation<T> {
  /** In the order in which sources with equally many turns are next. */
  readonly #lines = new Map<string, T[]>();
  #size = 0;
  readonly #turns = new Map<string, number>();
  #turnsSince = performance.now();
  #taken = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** How many items of a source there are. */
  lengthOf(source: string): number {
    return this.#lines.get(source)?.length ?? 0;
  }

  /** The source with the most items. */
  longest(): string | undefined {
    let found: string | undefined;
    let most = 0;
    for (const [source, { length }] of this.#lines) {
      if (length > most) [found, most] = [source, length];
    }
    return found;
  }

  /** Adds an item; a new source has its turn after all the others. */
  push(source: string, item: T): void {
    const line = this.#lines.get(source);
    if (line === undefined) this.#lines.set(source, [item]);
    else line.push(item);
    this.#size++;
  }

  /** Takes the oldest item of the source that is next, and puts that source last. */
  shift(): T | undefined {
    const source = this.#next();
    const [first, ...rest] = this.#lines.get(source ?? '') ?? [];
    if (source === undefined || first === undefined) return undefined;
    this.#lines.delete(source);
    if (rest.length > 0) this.#lines.set(source, rest);
    this.#size--;
    this.tookTurn(source);
    return first;
  }

  /** Counts a turn of a source that did not have to wait for it. */
  tookTurn(source: string): void {
    if (performance.now() - this.#turnsSince > REMEMBERED_MS) {
      this.#turns.clear();
      this.#turnsSince = performance.now();
    }
    this.#turns.set(source, (this.#turns.get(source) ?? 0) + 1);
  }

  #next(): string | undefined {
    if (++this.#taken % TURNS_PER_LONGEST_WAIT === 0) {
      const [longest] = this.#lines.keys();
      return longest;
    }
    let found: string | undefined;
    let fewest = Infinity;
    for (const source of this.#lines.keys()) {
      const turns = this.#turns.get(source) ?? 0;
      if (turns < fewest) [found, fewest] = [source, turns];
    }
    return found;
  }

  /** Takes the newest item of a source. */
  pop(source: string): T | undefined {
    const item = this.#lines.get(source)?.at(-1);
    if (item !== undefined) this.remove(source, item);
    return item;
  }

  /** Removes an item of a source. */
  remove(source: string, item: T): void {
    const line = this.#lines.get(source) ?? [];
    const at = line.lastIndexOf(item);
    if (at < 0) return;
    line.splice(at, 1);
    this.#size--;
    if (line.length === 0) this.#lines.delete(source);
  }
}
