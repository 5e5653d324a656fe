/** PostgreSQL's list of the files of a base backup (PostgreSQL 18, chapter 71 "Backup Manifest Format"). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Measured } from './digest.ts';

const Manifest = z.looseObject({
  'PostgreSQL-Backup-Manifest-Version': z.literal(2),
  Files: z.array(
    z.looseObject({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.int().min(0),
      'Checksum-Algorithm': z.literal('SHA256'),
      Checksum: z.string(),
    }),
  ),
  'Manifest-Checksum': z.string(),
});

/** What the backup contains, by path. */
export type FoundFiles = ReadonlyMap<string, Measured>;

/**
 * Compares files with their manifest. Returns what is wrong, or undefined. WAL is in no manifest: the
 * recovery reads it, and its records have checksums of their own.
 */
export function manifestFault(text: Buffer, found: FoundFiles): string | undefined {
  const manifest = parse(text);
  if (manifest === undefined) return 'the manifest is damaged';
  const listed = new Set<string>();
  for (const file of manifest.Files) {
    const path = file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('latin1');
    const there = found.get(path);
    if (there === undefined) return `${path} is missing`;
    if (there.size !== file.Size || there.sha256 !== file.Checksum.toLowerCase()) {
      return `${path} is damaged`;
    }
    listed.add(path);
  }
  const extra = [...found.keys()].find((path) => !listed.has(path) && !path.startsWith('pg_wal/'));
  return extra === undefined ? undefined : `${extra} does not belong to it`;
}

/** The last line is the checksum of all lines before it. */
function parse(text: Buffer): z.infer<typeof Manifest> | undefined {
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  const checksum = createHash('sha256').update(text.subarray(0, lastLine)).digest('hex');
  const manifest = Manifest.safeParse(parseJson(text.toString('utf8')));
  const isWhole = manifest.success && manifest.data['Manifest-Checksum'] === checksum;
  return isWhole ? manifest.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
