import {
  placesInRange,
  readEnd,
  readRange,
  type LogPage,
  type ReadRequest,
} from '../log/reader.ts';
import type { Reader } from '../sharing/viewer.ts';
import type { LogPlace } from '../store/content/log.ts';
import { meteredPages } from './metered.ts';

export type { LogPage } from '../log/reader.ts';

export interface BatchInput extends ReadRequest {
  /** Where the log is known to reach: the batch ends there at the latest. */
  readonly upTo: number;
}

/** The ways of reading one part of the log. */
export interface PartReading {
  /**
   * Its rows, read together with what others read of the end of the log; undefined if it is not near the end.
   * What was read with the same `memory` is not read again.
   * Readers who get the same rows are given the same array.
   */
  end(memory: object): Promise<LogPage | undefined>;
  /** Its rows. */
  whole(): Promise<LogPage>;
  /** The places of the very same rows: enough where their contents were read before. */
  places(): Promise<LogPage<LogPlace>>;
}

/** What a subscription is to be delivered, as a reader sees it: whatever `make` read last. */
export const readBatch = meteredPages<Reader, BatchInput, PartReading>(
  'webhook',
  async (db, reader, { upTo, ...request }, make) => {
    let last: LogPage<LogPlace> | undefined;
    const page = await make({
      end: async (memory) => {
        const read = await readEnd(db, reader, request, upTo, memory);
        last = read;
        return read;
      },
      whole: async () => {
        const read = await readRange(db, reader, request, upTo);
        last = read;
        return read;
      },
      places: async () => {
        const read = await placesInRange(db, reader, request, upTo);
        last = read;
        return read;
      },
    });
    if (last === undefined) throw new Error('A batch was made of nothing that was read');
    return { page, objects: last.rows.length, next: last.next, more: last.more };
  },
);
