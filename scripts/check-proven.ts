/**
 * Whether the self-test of the checks has passed with the configuration that is here now. It takes a
 * minute, so the tests run it only after a change: a self-test of all cases records a fingerprint of what
 * the verdicts depend on. Without a record, or with another one, the self-test is due.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const record = 'scripts/check-proven.txt';

/** The dictionaries are left out: a new word in them does not change what is checked. */
const configuration = [
  '.oxlintrc.json',
  '.prettierrc.json',
  '.prettierignore',
  '.dependency-cruiser.cjs',
  '.spectral.yaml',
  'cspell.json',
  'knip.json',
  'redocly.yaml',
  'tsconfig.json',
  'scripts/{check,prose}*.ts',
  'test/check/check.test.ts',
];
const tools =
  /^(?:@redocly\/cli|@stoplight\/spectral-cli|cspell|dependency-cruiser|knip|node|oxlint.*|prettier|typescript)$/;

/** A hash of files and of the versions of tools, in an order that does not depend on the machine. */
export function fingerprintOf(parts: Record<string, string>): string {
  const entries = Object.entries(parts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex');
}

function fingerprint(): string {
  const files = globSync(configuration, { cwd: root });
  const texts = files.map((file) => [
    file.replaceAll(sep, '/'),
    readFileSync(join(root, file), 'utf8'),
  ]);
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const versions = Object.entries<string>(devDependencies).filter(([name]) => tools.test(name));
  return fingerprintOf(Object.fromEntries([...texts, ...versions]));
}

/** The recorded fingerprints: one, or several after a merge. Undefined where none was recorded. */
function recorded(): string | undefined {
  try {
    return readFileSync(join(root, record), 'utf8');
  } catch {
    return undefined;
  }
}

export function isProven(known = recorded(), current = fingerprint()): boolean {
  return known?.split('\n').includes(current) ?? false;
}

export function recordProof(): void {
  writeFileSync(join(root, record), `${fingerprint()}\n`);
}
