/** Stores text until it can be sent: a little in memory, the rest in a temporary file. */
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../errors.ts';
import { mayHold } from '../edge/division.ts';

export interface Spool {
  /** Throws Problem when there is no room. */
  write(text: string): Promise<void>;
  /** All that was written, in order; what was read, or abandoned, is gone. */
  read(): AsyncIterable<string | Buffer>;
  /** Drops everything. */
  discard(): Promise<void>;
}

/** The spools of a process, which share their room. */
export interface Spools {
  /** Opens one for an organisation, which may have half of the room, or half of what others leave. */
  open(organisationId: number): Spool;
  /** Bytes in files. */
  bytes(): number;
}

export interface SpoolSettings {
  /** A directory of the operator's choice. */
  readonly spoolDirectory: string;
  /** Bytes of all spools; one organisation may have half of them. */
  readonly spoolBytesMax: number;
}

const MEMORY_CHARACTERS_MAX = 1024 * 1024;

export function createSpools(settings: SpoolSettings): Spools {
  let total = 0;
  const byOwner = new Map<number, number>();
  const division = { total: settings.spoolBytesMax, perOrganisation: settings.spoolBytesMax / 2 };
  const change = (owner: number, bytes: number): boolean => {
    const before = byOwner.get(owner) ?? 0;
    const owned = before + bytes;
    if (bytes > 0 && !mayHold(division, { held: owned, others: total - before })) return false;
    total += bytes;
    if (owned === 0) byOwner.delete(owner);
    else byOwner.set(owner, owned);
    return true;
  };
  return {
    open: (owner) => openSpool({ settings, change: (bytes) => change(owner, bytes) }),
    bytes: () => total,
  };
}

interface Room {
  readonly settings: SpoolSettings;
  /** Takes or gives back bytes; false when there is no room for them. */
  readonly change: (bytes: number) => boolean;
}

function openSpool({ settings, change }: Room): Spool {
  let parts: string[] = [];
  let characters = 0;
  let file: FileHandle | undefined;
  let bytes = 0;

  const flush = async (): Promise<void> => {
    const text = Buffer.from(parts.join(''));
    parts = [];
    characters = 0;
    if (bytes + text.length > settings.spoolBytesMax / 2) throw tooMany(settings);
    if (!change(text.length)) throw noRoom();
    bytes += text.length;
    file ??= await openNameless(settings.spoolDirectory);
    await file.appendFile(text);
  };
  const discard = async (): Promise<void> => {
    parts = [];
    change(-bytes);
    bytes = 0;
    const opened = file;
    file = undefined;
    await opened?.close();
  };
  async function* read(): AsyncGenerator<string | Buffer> {
    try {
      if (file !== undefined) {
        yield* file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
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
    read,
    discard,
  };
}

/** A file that has no name any more: whatever becomes of this process, nothing is left of it. */
async function openNameless(parent: string): Promise<FileHandle> {
  const directory = await mkdtemp(join(parent, 'tocsin-results-'));
  try {
    return await open(join(directory, 'results'), 'wx+', 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function tooMany({ spoolBytesMax }: SpoolSettings): Problem {
  return new Problem(
    'bundle_too_large',
    `The results of the lines take more than ${spoolBytesMax / 2} bytes. Send fewer lines in one ` +
      'request, or ask the operator to raise TOCSIN_SPOOL_BYTES_MAX.',
    { extra: { limit_bytes: spoolBytesMax / 2 } },
  );
}

function noRoom(): Problem {
  return new Problem(
    'server_busy',
    'Too many results are waiting to be sent. Try again later, or ask the operator to raise TOCSIN_SPOOL_BYTES_MAX.',
    {
      extra: { retry_after: 5 },
    },
  );
}
