/** Negative controls: what is known to be wrong must make the checker fail, or it proves nothing. */
import { cursorBeforePost } from './control-hasty.ts';
import { foreignObject } from './control-foreign.ts';
import { naiveCursor } from './control-naive.ts';
import type { Control, Controlled } from './control.ts';

export const CONTROLS: Readonly<Record<string, Control>> = {
  'naive-cursor': naiveCursor,
  'cursor-before-post': cursorBeforePost,
  'foreign-object': foreignObject,
};

/** Whether the checker failed where it must, and only there. */
export function holds({ fault, wrong, right }: Controlled): boolean {
  const faults = [right.lost, right.skipped, right.leaked, right.halfDone];
  return (
    wrong[fault].length > 0 && right.accepted > 0 && faults.every(({ length }) => length === 0)
  );
}
