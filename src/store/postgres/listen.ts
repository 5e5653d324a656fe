import pg from 'pg';

/** The name of the connection on which every server listens, for as long as it runs. */
export const LISTENER = 'tocsin listen';

export interface Listener {
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly url: string;
  readonly channels: readonly string[];
  readonly onNotice: (channel: string, payload: string) => void;
  /** Called after each (re)connection: notices sent meanwhile were missed. */
  readonly onConnected: () => void;
  readonly onError: (error: Error) => void;
}

const RECONNECT_MS = 250;

/**
 * Listens on a connection of its own, and connects again when it breaks. Notices are hints: a
 * listener must also look for itself now and then.
 */
export function listen(options: ListenOptions): Listener {
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: LISTENER,
    });
    client = next;
    let broken = false;
    const again = (error?: Error): void => {
      if (broken || closed) return;
      broken = true;
      if (error !== undefined) options.onError(error);
      next.end().catch(() => undefined);
      timer = setTimeout(() => void connect(), RECONNECT_MS);
    };
    next.on('error', again);
    next.on('end', () => again());
    next.on('notification', ({ channel, payload }) => options.onNotice(channel, payload ?? ''));
    try {
      await next.connect();
      for (const channel of options.channels) {
        await next.query(`listen ${pg.escapeIdentifier(channel)}`);
      }
      options.onConnected();
    } catch (error) {
      again(error instanceof Error ? error : new Error(String(error)));
    }
  };

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
