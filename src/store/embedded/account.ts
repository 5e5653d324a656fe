import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from '../postgres/store-error.ts';
import type { Binaries } from './binaries.ts';

const run = promisify(execFile);

/** The account PostgreSQL runs under, and how a program is started under it. */
export interface Account {
  /** Undefined when PostgreSQL runs under our own account. */
  identity: Identity | undefined;
  command(program: string, args: string[]): Command;
}

export interface Identity {
  uid: number;
  gid: number;
}

export interface Command {
  file: string;
  args: string[];
  options: { uid?: number; gid?: number; env: NodeJS.ProcessEnv };
}

/** PostgreSQL reads PG… variables of its environment, and its messages are read here: in English. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Accounts to borrow, in order; `nobody` is everywhere. */
const BORROWED = ['tocsin', 'postgres', 'nobody'];
const SETPRIV = '/usr/bin/setpriv';

/**
 * Chooses the account. PostgreSQL refuses to run as root; as root we borrow the one that owns the
 * cluster already (`owner`) or an unprivileged one. That one often can reach neither the programs
 * nor the data (a clone below a 0700 directory of root): then it gets the one capability of
 * passing directories, and no other.
 * @throws StoreError `data_directory_unreachable` when that is needed and not possible here.
 */
export async function chooseAccount(
  binaries: Binaries,
  dataDir: string,
  owner: Identity | undefined,
): Promise<Account> {
  if (process.getuid?.() !== 0) return plainAccount(undefined);
  const identity = owner ?? borrowedIdentity(await readFile('/etc/passwd', 'utf8'));
  const paths = [...binaries.needed, dataDir];
  const reached = await Promise.all(paths.map((path) => canReach(identity, path)));
  if (reached.every(Boolean)) return plainAccount(identity);
  return capableAccount(identity, binaries, paths[reached.indexOf(false)] ?? dataDir);
}

/** The first account of BORROWED in the text of /etc/passwd. */
export function borrowedIdentity(passwd: string): Identity {
  const entries = passwd.split('\n').map((line) => line.split(':'));
  for (const name of BORROWED) {
    const entry = entries.find(([login]) => login === name);
    const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
    if (uid > 0 && gid >= 0) return { uid, gid };
  }
  throw new StoreError(
    'data_directory_unreachable',
    `PostgreSQL refuses to run as root, and /etc/passwd has none of the accounts ${BORROWED.join(', ')}.`,
    'Run Tocsin as an ordinary user, or set DATABASE_URL to use your own PostgreSQL.',
  );
}

function plainAccount(identity: Identity | undefined): Account {
  return {
    identity,
    command: (file, args) => ({ file, args, options: { ...identity, env: ENVIRONMENT } }),
  };
}

async function capableAccount(
  identity: Identity,
  binaries: Binaries,
  unreachable: string,
): Promise<Account> {
  const capability = await searchCapability();
  const prefix = setprivArguments(identity, capability ?? 'dac_read_search');
  const account: Account = {
    identity,
    command: (file, args) => ({
      file: SETPRIV,
      args: [...prefix, file, ...args],
      options: { env: ENVIRONMENT },
    }),
  };
  try {
    if (capability === undefined || !existsSync(SETPRIV)) throw new Error('no way to grant it');
    const { file, args, options } = account.command(binaries.postgres, ['--version']);
    await run(file, args, options);
  } catch (cause) {
    throw new StoreError(
      'data_directory_unreachable',
      `PostgreSQL refuses to run as root, and the account it runs under instead (uid ${identity.uid}) cannot reach ${unreachable}.`,
      'Run Tocsin as an ordinary user, or put it and TOCSIN_DATA_DIR where every user may pass (chmod o+x on the directories above), or set DATABASE_URL to use your own PostgreSQL.',
      { cause },
    );
  }
  return account;
}

/**
 * Passing directories takes CAP_DAC_READ_SEARCH; containers often withhold it but leave
 * CAP_DAC_OVERRIDE. The bits are those of linux/capability.h.
 */
async function searchCapability(): Promise<string | undefined> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (held & (1n << 2n)) return 'dac_read_search';
  if (held & (1n << 1n)) return 'dac_override';
  return undefined;
}

/** `no_setuid_fixup` makes access(2), which PostgreSQL asks about its own programs, heed the capability. */
function setprivArguments({ uid, gid }: Identity, capability: string): string[] {
  return [
    '--securebits=+no_setuid_fixup',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    `--bounding-set=-all,+${capability}`,
    '--',
  ];
}

/** Whether the mode bits let the account pass every directory above `path`, and read it if a file. */
async function canReach(identity: Identity, path: string): Promise<boolean> {
  const at = await stat(path);
  const wanted = at.isDirectory() ? constants.S_IXOTH : constants.S_IROTH;
  let shift = 0;
  if (at.uid === identity.uid) shift = 6;
  else if (at.gid === identity.gid) shift = 3;
  if ((at.mode & (wanted << shift)) === 0) return false;
  const above = dirname(path);
  return above === path || canReach(identity, above);
}
