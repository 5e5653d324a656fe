/**
 * What a backup may contain. The data directory of a PostgreSQL can hold files that make the server run
 * programs or follow links, so a restore takes known names only.
 */
import { posix } from 'node:path';

/** The files of a backup, in this order; the files of the database lie between the second and the third. */
export const ABOUT_FILE = 'tocsin-backup.json';
export const CREDENTIALS_FILE = 'postgres.json';
export const CLUSTER_DIRECTORY = 'postgres/';
export const MANIFEST_FILE = 'postgres/backup_manifest';
export const MAC_FILE = 'tocsin-backup.mac';

/** Directories of PostgreSQL 18, and whether a base backup contains files below them. */
const DIRECTORIES: ReadonlyMap<string, 'filled' | 'empty'> = new Map([
  ['base', 'filled'],
  ['global', 'filled'],
  ['pg_commit_ts', 'filled'],
  ['pg_dynshmem', 'empty'],
  ['pg_logical', 'filled'],
  ['pg_multixact', 'filled'],
  ['pg_notify', 'empty'],
  ['pg_replslot', 'empty'],
  ['pg_serial', 'empty'],
  ['pg_snapshots', 'empty'],
  ['pg_stat', 'filled'],
  ['pg_stat_tmp', 'empty'],
  ['pg_subtrans', 'empty'],
  // For links to tablespaces, which a backup does not contain.
  ['pg_tblspc', 'empty'],
  ['pg_twophase', 'filled'],
  ['pg_wal', 'filled'],
  ['pg_xact', 'filled'],
]);

/** Files directly in the data directory. Not among them: recovery.signal, standby.signal, tablespace_map. */
const RESTORED: ReadonlySet<string> = new Set(['PG_VERSION', 'backup_label']);
/**
 * Files that a backup contains and a restore does not take: the configuration, which can name commands
 * and libraries to run and is written as for a new database, and what an earlier restore left.
 */
const IGNORED: ReadonlySet<string> = new Set([
  'postgresql.conf',
  'postgresql.auto.conf',
  'pg_hba.conf',
  'pg_ident.conf',
  'backup_label.old',
]);
/** The cache of the catalog, which PostgreSQL loads unchecked and makes itself where it is missing. */
const CACHE = 'pg_internal.init';

/** The entry of a tar archive. */
interface Entry {
  readonly name: string;
  readonly type?: string | null | undefined;
}

/** What a restore does with an entry: undefined when it must not be there. */
export function treatmentOf({ name, type }: Entry): 'restore' | 'ignore' | undefined {
  if (name === CREDENTIALS_FILE) return type === 'file' ? 'restore' : undefined;
  const path = withoutSlash(name);
  if (posix.normalize(path) !== path || !`${path}/`.startsWith(CLUSTER_DIRECTORY)) return undefined;
  const [, ...below] = path.split('/');
  if (type === 'directory') return isKnownDirectory(below) ? 'restore' : undefined;
  return type === 'file' ? fileTreatment(below) : undefined;
}

/** The path is given by its parts below the data directory. */
function isKnownDirectory([top, ...below]: readonly string[]): boolean {
  if (top === undefined) return true;
  return below.length === 0 ? DIRECTORIES.has(top) : DIRECTORIES.get(top) === 'filled';
}

function fileTreatment([top = '', ...below]: readonly string[]): 'restore' | 'ignore' | undefined {
  if (below.length > 0) {
    const isKnown = DIRECTORIES.get(top) === 'filled' && below.at(-1) !== CACHE;
    return isKnown ? 'restore' : undefined;
  }
  if (RESTORED.has(top)) return 'restore';
  return IGNORED.has(top) ? 'ignore' : undefined;
}

/** Of a directory, whose name ends with a slash in a tar archive. */
export function withoutSlash(name: string): string {
  return name.replace(/\/$/, '');
}
