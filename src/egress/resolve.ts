/**
 * All addresses of a name, from the hosts file or else the DNS.
 *
 * Not getaddrinfo: Node runs it on at most two threads, so two names whose name servers do not answer would hold
 * up every other connection of the server. Search domains are not tried: a name means the same everywhere.
 */
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Resolve } from './policy.ts';

const NO_SUCH_RECORD = new Set(['ENODATA', 'ENOTFOUND']);

export interface ResolveOptions {
  /** Name servers as `address:port`; the system's where left out. */
  servers?: readonly string[];
  hostsFile?: string;
  timeoutMs?: number;
}

/** @returns a function that rejects where either kind of address could not be asked for. */
export function createResolve({
  servers,
  hostsFile = '/etc/hosts',
  timeoutMs = 2_000,
}: ResolveOptions = {}): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const name = hostname.toLowerCase().replace(/\.$/u, '');
    const known = inHosts(await readFile(hostsFile, 'utf8').catch(() => ''), name);
    if (known.length > 0) return known;
    const answers = await Promise.all([
      resolver.resolve4(name).catch(noneWhereNoRecord),
      resolver.resolve6(name).catch(noneWhereNoRecord),
    ]);
    return answers.flat();
  };
}

function inHosts(hosts: string, name: string): string[] {
  return hosts.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/u, '').trim().split(/\s+/u);
    return address !== undefined && names.some((other) => other.toLowerCase() === name)
      ? [address]
      : [];
  });
}

function noneWhereNoRecord(error: NodeJS.ErrnoException): string[] {
  if (NO_SUCH_RECORD.has(error.code ?? '')) return [];
  throw error;
}
