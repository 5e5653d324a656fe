import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readStixFile } from '../../src/commands/stix-file.ts';
import { testDirectory } from '../support/cluster.ts';

it('says in words why a file cannot be read', async () => {
  const directory = await testDirectory();
  try {
    expect(await readStixFile(join(directory, 'missing.json'))).toEqual({
      error: { code: 'unreadable', detail: 'the file does not exist' },
    });
    expect(await readStixFile(directory)).toEqual({
      error: { code: 'unreadable', detail: 'it is a directory. Name the files in it' },
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});
