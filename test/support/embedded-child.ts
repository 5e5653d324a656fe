import { StoreError } from '../../src/store/postgres/store-error.ts';
import { startEmbedded } from '../../src/store/embedded/server.ts';

// Stands for a Tocsin process in the tests of the embedded server: starts it as told by its
// argument, reports to its parent, and leaves in order when told to.

/** What the child tells its parent. */
export type Report =
  | { kind: 'log'; message: string }
  | { kind: 'started'; url: string }
  | { kind: 'exited'; pid: number }
  | { kind: 'refused'; code: string; message: string };

const { dataDir, ...options } = JSON.parse(process.argv[2] ?? '{}');
const logged = (_: unknown, message: string) => tell({ kind: 'log', message });

try {
  const logger = { info: logged, warn: logged, error: logged };
  const server = await startEmbedded({ dataDir, ...options, logger });
  server.onExit(({ pid }) => tell({ kind: 'exited', pid }));
  process.once('message', () => void server.stop().then(() => process.disconnect()));
  // A run that was interrupted leaves no server behind.
  process.once('disconnect', () => void server.stop());
  tell({ kind: 'started', url: server.url });
} catch (error) {
  const code = error instanceof StoreError ? error.code : 'unexpected';
  tell({ kind: 'refused', code, message: String(error) });
  process.disconnect();
}

function tell(report: Report): void {
  process.send?.(report);
}
