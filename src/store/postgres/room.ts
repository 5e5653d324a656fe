/** Whether there is room left to store anything, on our disk and on the database's. */
import { statfs } from 'node:fs/promises';
import { Problem } from '../../errors.ts';
import { isStorageFull } from './outage.ts';

export interface Room {
  /** Before something is stored. Throws Problem storage_full while the disk is nearly full. */
  ensure(): Promise<void>;
  /** Told what a statement failed with. */
  note(error: unknown): void;
  /**
   * Whether nothing can be stored: the disk is nearly full, or a statement has failed for want of
   * room and `probe`, which writes, still does.
   */
  isFull(probe: () => Promise<unknown>): Promise<boolean>;
}

export interface RoomOptions {
  /** Where the embedded database is; undefined for a database whose disk cannot be looked at. */
  readonly directory?: string | undefined;
  /** Bytes that are to stay free there: PostgreSQL stops where it cannot write its own log. */
  readonly freeMin?: number;
}

/** The disk is looked at no more often. */
const LOOK_MS = 500;

export function createRoom({ directory, freeMin = 0 }: RoomOptions = {}): Room {
  let looked: { readonly atMs: number; readonly isLow: Promise<boolean> } | undefined;
  let hasFailed = false;

  const isLow = (): Promise<boolean> => {
    if (directory === undefined) return Promise.resolve(false);
    const nowMs = performance.now();
    if (looked === undefined || nowMs - looked.atMs > LOOK_MS) {
      looked = { atMs: nowMs, isLow: freeBytes(directory).then((free) => free < freeMin) };
    }
    return looked.isLow;
  };

  return {
    ensure: async () => {
      if (await isLow()) throw noRoom();
    },
    note: (error) => {
      if (isStorageFull(error)) hasFailed = true;
    },
    isFull: async (probe) => {
      if (await isLow()) return true;
      if (!hasFailed) return false;
      try {
        await probe();
      } catch (error) {
        if (isStorageFull(error)) return true;
        throw error;
      }
      hasFailed = false;
      return false;
    },
  };
}

/** The problem for it, whichever check found it. */
export function noRoom(cause?: unknown): Problem {
  const detail =
    'The server has no disk space left. Try again later; reading still works. The operator ' +
    'must free some space, or lower TOCSIN_STORAGE_FREE_MIN.';
  return new Problem('storage_full', detail, { cause });
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
