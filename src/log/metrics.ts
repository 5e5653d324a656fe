/** What /metrics tells of the log, read from the database whenever it is asked for. */
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../store/postgres/database.ts';
import { findLogBounds, findSequencerLag } from './bounds.ts';

export function measureLog(registry: Registry, db: Database): void {
  const registers = [registry];
  void new Gauge({
    name: 'tocsin_log_head',
    help: 'Rows sequenced so far',
    registers,
    async collect() {
      this.set((await findLogBounds(db)).head);
    },
  });
  void new Gauge({
    name: 'tocsin_sequencer_lag_seconds',
    help: 'Age of the oldest committed row that is not yet in the log',
    registers,
    async collect() {
      this.set(await findSequencerLag(db));
    },
  });
}
