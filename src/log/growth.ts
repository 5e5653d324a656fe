/** Tells the readers of this process that the log has grown. */
export interface LogGrowth {
  /** The log is known to reach this seq. */
  reached(head: number): void;
  /** Wakes every waiter, whatever the head. */
  wake(): void;
  /** How far the log is known to reach; 0 until something was heard of it. */
  head(): number;
  /**
   * Calls back whenever the log is known to have grown (`woken` is false) and at each wake, until
   * the returned function is called.
   */
  watch(onChange: (woken: boolean) => void): () => void;
  /**
   * Resolves when the log is known to go beyond `seq`, at a wake, after `timeoutMs`, or when
   * `signal` aborts: the caller looks for itself what there is.
   */
  waitPast(seq: number, timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export function createLogGrowth(): LogGrowth {
  let head = 0;
  const watchers = new Set<(woken: boolean) => void>();
  const tell = (woken: boolean): void => {
    for (const watcher of watchers) watcher(woken);
  };
  const watch = (onChange: (woken: boolean) => void): (() => void) => {
    watchers.add(onChange);
    return () => void watchers.delete(onChange);
  };
  return {
    reached: (seq) => {
      if (seq <= head) return;
      head = seq;
      tell(false);
    },
    wake: () => tell(true),
    head: () => head,
    watch,
    waitPast: (seq, timeoutMs, signal) => {
      if (head > seq || signal?.aborted === true) return Promise.resolve();
      return new Promise((done) => {
        const resolve = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', resolve);
          stop();
          done();
        };
        const timer = setTimeout(resolve, timeoutMs);
        signal?.addEventListener('abort', resolve);
        const stop = watch((woken) => {
          if (woken || head > seq) resolve();
        });
      });
    },
  };
}
