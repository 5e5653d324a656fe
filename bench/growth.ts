/** Waits for what a bench still expects, and ends the bench when it does not come. */
import { once } from 'node:events';

/** Nothing that is still to come stays away for so long. */
const STILL_MS = 120_000;

/** Waits for the next event `grown`. Throws an Error with the text of `missing` if none comes within `stillMs`. */
export async function growth(
  grown: EventTarget,
  missing: () => string,
  stillMs = STILL_MS,
): Promise<void> {
  try {
    await once(grown, 'grown', { signal: AbortSignal.timeout(stillMs) });
  } catch (cause) {
    throw new Error(missing(), { cause });
  }
}
