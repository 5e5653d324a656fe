/** What must be undone however a bench ends: in the opposite order, also when it is interrupted. */

type Ending = () => Promise<void> | void;

const endings: Ending[] = [];

/** Registers an ending; the returned function runs it early, and only once. */
export function atEnd(ending: Ending): Ending {
  const once: Ending = async () => {
    const at = endings.indexOf(once);
    if (at < 0) return;
    endings.splice(at, 1);
    await ending();
  };
  endings.push(once);
  return once;
}

/** Runs all endings, the latest first; one that fails does not hold up the others. */
export async function endAll(): Promise<void> {
  for (let last = endings.at(-1); last !== undefined; last = endings.at(-1)) {
    try {
      await last();
    } catch (error) {
      console.error(error);
    }
  }
}

let interrupted = false;

/** Ends everything on Ctrl-C and its kin, then leaves. A second one leaves at once. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(code);
      interrupted = true;
      void endAll().then(() => process.exit(code));
    });
  }
}

/** Whether a signal is ending the process: what fails meanwhile fails because of that. */
export function isInterrupted(): boolean {
  return interrupted;
}
