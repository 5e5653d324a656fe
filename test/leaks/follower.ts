/** A reader that follows the log, and has what it received: puts add, withdrawals remove. */
import { holdRow, type Given } from './contexts.ts';
import type { Viewer } from './founding.ts';
import type { Hearing, Sight } from './judge.ts';
import { objectsIn, wordsIn, type World } from './world.ts';

/** Whose it is, and what that viewer sees. */
interface Seat {
  readonly world: World;
  readonly who: Viewer;
  readonly sight: Sight;
  /** What it saw a step before: what was sent then may arrive now. */
  readonly before: Sight;
}

/** How long what is pushed may take to come. */
const PATIENCE_MS = 10_000;

export class Follower {
  /** How far it has read, where it reads by itself; from the beginning when empty. */
  cursor = '';
  readonly #world: World;
  readonly #held = new Set<number>();
  #words = new Set<number>();
  #withdrawn = new Set<number>();
  #given: Given[] = [];
  #arrived: () => void = () => undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** The text of one object, or of several, each with its context. */
  put(text: string, ...given: Given[]): void {
    this.#given.push(...given);
    for (const word of wordsIn(this.#world, text)) this.#words.add(word);
    for (const object of objectsIn(this.#world, text)) this.#held.add(object);
    this.#arrived();
  }

  withdraw(id: string): void {
    for (const object of objectsIn(this.#world, id)) {
      this.#held.delete(object);
      this.#withdrawn.add(object);
    }
    this.#arrived();
  }

  /** Resolves when it holds what its viewer sees, or when that has not come in good time. */
  async settle(seat: Seat): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (!this.#holds(seat) && performance.now() < endMs) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        timer = setTimeout(resolve, Math.max(1, endMs - performance.now()));
      });
      clearTimeout(timer);
    }
  }

  #holds({ world, sight }: Seat): boolean {
    return world.model
      .objects()
      .every((one) => sight.own.has(one) || this.#held.has(one) === sight.visible.has(one));
  }

  /**
   * It has what its viewer sees, except perhaps what the viewer shares itself. What
   * came since the last time was visible to it, at the time or a step before where it was pushed.
   */
  hear({ world, who, sight, before }: Seat, hearing: Hearing, pushed: boolean): void {
    for (const object of world.model.objects()) {
      const own = sight.own.has(object);
      const due = sight.ofOthers.has(object);
      const may = own || sight.visible.has(object);
      hearing.compare(object, this.#held.has(object), { due, may, detail: 'held' });
    }
    for (const number of this.#words) {
      if (sight.words.has(number)) continue;
      if (!pushed || !before.words.has(number)) hearing.refuse(`version ${number}`, 'content came');
    }
    for (const object of this.#withdrawn) {
      if (!world.model.knew(who, object)) hearing.refuse(object, 'withdrawn, though never seen');
    }
    const sights = pushed ? [sight, before] : [sight];
    for (const one of this.#given) holdRow({ world, hearing, sights }, one);
    this.#given = [];
    this.#words = new Set();
    this.#withdrawn = new Set();
  }
}
