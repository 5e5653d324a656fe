import { Gauge, type Registry } from 'prom-client';
import type { Database } from './database.ts';

/** What /metrics tells of the pools of connections. */
export function measurePools(registry: Registry, db: Pick<Database, 'connections'>): void {
  void new Gauge({
    name: 'tocsin_database_connections',
    help: 'Connections of the pools, by state',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const { pool, ...states } of db.connections()) {
        for (const [state, connections] of Object.entries(states)) {
          this.set({ pool, state }, connections);
        }
      }
    },
  });
}
