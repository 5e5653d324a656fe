/** Keeps text aside until it can be sent: a little in memory, the rest in a temporary file. */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

export interface Spool {
  write(text: string): Promise<void>;
  /** All that was written, in order; the file goes when it has been read or abandoned. */
  read(): Readable;
  /** Lets go of everything. */
  discard(): Promise<void>;
}

const MEMORY_CHARACTERS_MAX = 1024 * 1024;

export function createSpool(): Spool {
  let parts: string[] = [];
  let characters = 0;
  let directory: string | undefined;
  let file: FileHandle | undefined;

  const flush = async (): Promise<void> => {
    directory ??= await mkdtemp(join(tmpdir(), 'tocsin-results-'));
    file ??= await open(join(directory, 'results'), 'w', 0o600);
    const text = parts.join('');
    parts = [];
    characters = 0;
    await file.write(text);
  };
  const discard = async (): Promise<void> => {
    parts = [];
    await file?.close();
    file = undefined;
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    directory = undefined;
  };
  async function* all(): AsyncGenerator<string | Buffer> {
    try {
      if (directory !== undefined) {
        for await (const chunk of createReadStream(join(directory, 'results'))) {
          yield chunk as Buffer;
        }
      }
      yield parts.join('');
    } finally {
      await discard();
    }
  }
  return {
    write: async (text) => {
      parts.push(text);
      characters += text.length;
      if (characters > MEMORY_CHARACTERS_MAX) await flush();
    },
    read: () => Readable.from(all()),
    discard,
  };
}
