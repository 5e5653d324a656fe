import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { Report } from './embedded-child.ts';

const CHILD = fileURLToPath(new URL('embedded-child.ts', import.meta.url));

/** A process of its own that uses the embedded server of a data directory. */
export interface TocsinProcess {
  pid: number;
  reports: Report[];
  /** The first report of this kind, told already or yet to come; fails when the process ends before. */
  report<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>>;
  /** Leaves in order, and waits until the process is gone. */
  stop(): Promise<void>;
  /** `kill -9`, and waits until the process is gone. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  dataDir: string;
  port?: number;
  exclusive?: boolean;
  settings?: Record<string, string>;
}

const children = new Set<ChildProcess>();

/** Kills what a failed test left running, so that nothing restarts the server it uses. */
export async function killTocsins(): Promise<void> {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([...children].map((child) => once(child, 'exit')));
}

export function runTocsin(options: ProcessOptions): TocsinProcess {
  const child = fork(CHILD, [JSON.stringify(options)], { execArgv: [], stdio: 'inherit' });
  const reports: Report[] = [];
  const arrived = new EventTarget();
  child.on('message', (report: Report) => {
    reports.push(report);
    arrived.dispatchEvent(new Event('report'));
  });
  children.add(child);
  const gone = once(child, 'exit');
  let ended = false;
  child.once('exit', () => {
    ended = true;
    children.delete(child);
    arrived.dispatchEvent(new Event('report'));
  });
  return {
    pid: child.pid ?? 0,
    reports,
    async report(kind) {
      for (;;) {
        const found = reports.find((report) => isOf(report, kind));
        if (found !== undefined && isOf(found, kind)) return found;
        if (ended)
          throw new Error(`the process ended without "${kind}": ${JSON.stringify(reports)}`);
        await once(arrived, 'report');
      }
    },
    async stop() {
      if (!ended) child.send('stop');
      await gone;
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Runs one query on a connection of its own; the rows as objects. */
export async function query(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function isOf<K extends Report['kind']>(
  report: Report,
  kind: K,
): report is Extract<Report, { kind: K }> {
  return report.kind === kind;
}
