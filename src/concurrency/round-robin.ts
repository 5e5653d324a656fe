/** Items by source. Sources take turns; of one source, the oldest item goes first. */
export class RoundRobin<T> {
  /** In the order in which the sources are next. */
  readonly #lines = new Map<string, T[]>();

  /** Whether there is an item of this source. */
  has(source: string): boolean {
    return this.#lines.has(source);
  }

  /** Adds an item; a new source has its turn after all the others. */
  push(source: string, item: T): void {
    const line = this.#lines.get(source);
    if (line === undefined) this.#lines.set(source, [item]);
    else line.push(item);
  }

  /** The source that is next. */
  next(): string | undefined {
    const [source] = this.#lines.keys();
    return source;
  }

  /** Takes the oldest item of the source that is next, and puts that source last. */
  shift(): T | undefined {
    const [next] = this.#lines;
    if (next === undefined) return undefined;
    const [source, line] = next;
    const item = line.shift();
    this.#lines.delete(source);
    if (line.length > 0) this.#lines.set(source, line);
    return item;
  }
}
