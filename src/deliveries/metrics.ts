/** What /metrics tells of deliveries. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface DeliveryMetrics {
  readonly attempts: Counter<'outcome'>;
  readonly delivered: Counter;
}

export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  return {
    attempts: new Counter({
      name: 'tocsin_attempts_total',
      help: 'Delivery attempts, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    delivered: new Counter({
      name: 'tocsin_delivered_objects_total',
      help: 'Objects in delivered batches',
      registers,
    }),
  };
}

/** `worker` is that of this process, if it has one. */
export function measureLags(
  registry: Registry,
  worker: { lags(): ReadonlyMap<string, number> } | undefined,
): void {
  void new Gauge({
    name: 'tocsin_subscription_lag_rows',
    help: 'Rows of the log that a subscription has not read yet',
    labelNames: ['subscription'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [subscription, rows] of worker?.lags() ?? []) this.set({ subscription }, rows);
    },
  });
}
