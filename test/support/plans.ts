/**
 * The plans of all statements that the servers of a test run, nested ones of functions included, with what
 * each node touched: auto_explain sends them as notices.
 */
import pg from 'pg';
import { vi } from 'vitest';

/** Of EXPLAIN (ANALYZE, FORMAT JSON); the counts are for one loop. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Node[];
}

/** What a statement touched of one table in one node of its plan. */
export interface Touch {
  readonly statement: string;
  readonly node: string;
  readonly table: string;
  readonly index: string | undefined;
  readonly rows: number;
}

export interface Plans {
  /** What was touched since the last call, of tables that begin with one of these names. */
  take(tables: readonly string[]): Touch[];
  close(): void;
}

/** Begins to listen: to connections that are opened from now on, to a cluster with EXPLAINING. */
export function watchPlans(): Plans {
  const explained: string[] = [];
  const listen = (message: { message?: string | undefined }): void => {
    const json = message.message?.match(/plan:\n(\{.*\})\s*$/s)?.[1];
    if (json !== undefined) explained.push(json);
  };
  const { connect } = pg.Client.prototype;
  const spy = vi.spyOn(pg.Client.prototype, 'connect').mockImplementation(function listening(
    this: pg.Client,
    ...args: unknown[]
  ) {
    this.on('notice', listen);
    return Reflect.apply(connect, this, args);
  });
  return {
    take: (tables) => {
      const touched = explained.splice(0).flatMap(touches);
      return touched.filter(({ table }) => tables.some((name) => isOf(table, name)));
    },
    close: () => {
      spy.mockRestore();
    },
  };
}

/** Of a cluster in which every statement is explained as it runs. */
export const EXPLAINING = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** A table, or one of its partitions, which end in what they hold. */
function isOf(table: string, name: string): boolean {
  return table === name || new RegExp(`^${name}_[0-9]`).test(table);
}

function touches(json: string): Touch[] {
  const { 'Query Text': statement, Plan: plan } = JSON.parse(json) as {
    'Query Text': string;
    Plan: Node;
  };
  return nodesOf(plan).flatMap((node): Touch[] => {
    const table = node['Relation Name'];
    if (table === undefined) return [];
    const rows =
      node['Actual Rows'] +
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Index Recheck'] ?? 0);
    return [
      {
        statement: statement.replaceAll(/\s+/g, ' ').trim(),
        node: node['Node Type'],
        table,
        index: node['Index Name'],
        rows: Math.round(rows * node['Actual Loops']),
      },
    ];
  });
}

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
