/** Under which address members reach the server, for commands that print links. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.ts';

const Stored = z.object({ url: z.url({ protocol: /^https?$/ }) });

function pathOf({ dataDir }: Config): string {
  return join(dataDir, 'serve.json');
}

/**
 * Stores where a server listens, so that commands without its settings print the right links. With a
 * database of the operator's there may be no data directory to store it in.
 */
export async function storeAddress(config: Config, url: string): Promise<void> {
  const text = `${JSON.stringify({ url: config.publicUrl ?? url })}\n`;
  await writeFile(pathOf(config), text).catch(() => undefined);
}

/** TOCSIN_PUBLIC_URL, else where the server listens or last did, else where these settings point. */
export async function findAddress(config: Config): Promise<string> {
  if (config.publicUrl !== undefined) return config.publicUrl;
  const text = await readFile(pathOf(config), 'utf8').catch(() => '{}');
  const stored = Stored.safeParse(parsed(text));
  if (stored.success) return stored.data.url;
  return `${config.tls === undefined ? 'http' : 'https'}://${config.host}:${config.port}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
