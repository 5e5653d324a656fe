/** What /metrics tells of requests, whatever the door. No label carries content. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ByteBudget } from './edge/byte-budget.ts';

export interface HttpMetrics {
  /** Of the whole process. */
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly objects: Counter<'outcome'>;
}

export function createHttpMetrics(registry: Registry, budget: ByteBudget): HttpMetrics {
  const registers = [registry];
  void new Gauge({
    name: 'tocsin_bytes_in_flight',
    help: 'Bytes of the memory budget that requests and answers in progress use',
    registers,
    collect() {
      this.set(budget.inFlight());
    },
  });
  return {
    registry,
    requests: new Histogram({
      name: 'tocsin_http_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    objects: new Counter({
      name: 'tocsin_objects_total',
      help: 'Posted objects, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
  };
}
