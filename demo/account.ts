/** What was to reach an organisation by one way and what did: pure bookkeeping. */

export interface Receipt {
  readonly versions: readonly string[];
  readonly withdrawn: readonly string[];
  /** When it was there and verified, ms since 1970. */
  readonly atMs: number;
}

export interface Speed {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
}

const NAMED_MAX = 3;

export class Account {
  readonly slug: string;
  readonly way: 'webhook' | 'feed';
  readonly #expected = new Set<string>();
  readonly #received = new Map<string, number>();
  readonly #withdrawn: string[] = [];
  readonly #refused: string[] = [];
  #forgeries = 0;
  #latencies: number[] = [];

  constructor(slug: string, way: 'webhook' | 'feed') {
    this.slug = slug;
    this.way = way;
  }

  expect(versions: readonly string[]): void {
    for (const version of versions) this.#expected.add(version);
  }

  /** A forged message is about to be sent, which must be refused. */
  expectForgery(): void {
    this.#forgeries += 1;
  }

  /** Takes note; what comes again, as at-least-once delivery may, counts once and by its first time. */
  receive({ versions, withdrawn, atMs }: Receipt): void {
    for (const version of versions) {
      if (!this.#received.has(version)) this.#received.set(version, atMs);
    }
    this.#withdrawn.push(...withdrawn);
  }

  /** The receiver refused a message that it could not verify. */
  refuse(why: string): void {
    this.#refused.push(why);
  }

  get expected(): number {
    return this.#expected.size;
  }

  get received(): number {
    return this.#received.size;
  }

  get refused(): number {
    return this.#refused.length;
  }

  /** How many of these have arrived. */
  countOf(versions: readonly string[]): number {
    return versions.filter((version) => this.#received.has(version)).length;
  }

  /** How fast these arrived after `sinceMs`; what was there before counts as 0. They are kept for `speed`. */
  timed(versions: readonly string[], sinceMs: number): Speed {
    const took = versions.flatMap((version) => {
      const atMs = this.#received.get(version);
      return atMs === undefined ? [] : Math.max(0, atMs - sinceMs);
    });
    this.#latencies = [...this.#latencies, ...took];
    return speedOf(took);
  }

  /** Over everything that was timed. */
  get speed(): Speed {
    return speedOf(this.#latencies);
  }

  /** What is wrong, in words; empty when exactly what was expected came, all of it verified. */
  get faults(): string[] {
    const who = `${this.slug} (${this.way})`;
    const missing = [...this.#expected].filter((version) => !this.#received.has(version));
    const leaked = [...this.#received.keys()].filter((version) => !this.#expected.has(version));
    const faults: string[] = [];
    if (missing.length > 0) faults.push(`${who}: ${missing.length} missing: ${some(missing)}`);
    if (leaked.length > 0) faults.push(`${who}: ${leaked.length} leaked: ${some(leaked)}`);
    if (this.#withdrawn.length > 0) {
      faults.push(`${who}: ${this.#withdrawn.length} withdrawn: ${some(this.#withdrawn)}`);
    }
    if (this.#refused.length > this.#forgeries) {
      faults.push(`${who}: ${this.#refused.length} POSTs not verified: ${some(this.#refused)}`);
    }
    if (this.#refused.length < this.#forgeries) faults.push(`${who}: accepted a forged POST`);
    return faults;
  }
}

function speedOf(latencies: readonly number[]): Speed {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), lastMs: at(1) };
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_MAX).join(', ');
  return names.length > NAMED_MAX ? `${shown} and ${names.length - NAMED_MAX} more` : shown;
}
