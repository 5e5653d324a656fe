import { expect, it } from 'vitest';
import { dueIn, newLease, renewLease } from '../../src/deliveries/lease.ts';

const LEASED = {
  id: 'a',
  organisationId: 1,
  cursor: 10,
  revision: 0,
  moves: 0,
  nextAttemptMs: 0,
  lingerMs: 0,
  batchMax: 5,
  leaseMs: 60_000,
};
const at = (head: number, nowMs = 0, clockMs = 1000) => ({ head, nowMs, clockMs });

it('is due when it is behind the log, does not run, and waits for no retry', () => {
  const lease = newLease(LEASED, 0);
  expect(dueIn(lease, at(10))).toBeUndefined();
  expect(dueIn(lease, at(11))).toBe(0);
  expect(dueIn({ ...lease, running: true }, at(11))).toBeUndefined();
  expect(dueIn({ ...lease, waitUntilMs: 1001 }, at(11))).toBeUndefined();
});

it('lingers from when it is behind, and no longer than until there may be a whole batch', () => {
  const lease = newLease({ ...LEASED, lingerMs: 300 }, 0);
  expect(dueIn(lease, at(10, 50))).toBeUndefined();
  expect(dueIn(lease, at(11, 100))).toBe(300);
  expect(dueIn(lease, at(12, 250))).toBe(150);
  expect(dueIn(lease, at(15, 251))).toBe(0);
  expect(dueIn(lease, at(12, 400))).toBe(0);
  expect(dueIn(lease, at(12, 900))).toBe(0);
});

it('takes over what its owner has changed, unless it runs', () => {
  const lease = newLease(LEASED, 0);
  lease.cursor = 20;
  // Read on without sending, which is not stored yet: a changed filter does not apply to that.
  renewLease(lease, { ...LEASED, revision: 1, lingerMs: 7, batchMax: 2 }, 0);
  expect(lease).toMatchObject({ cursor: 20, revision: 1, lingerMs: 7, batchMax: 2 });
  lease.running = true;
  renewLease(lease, { ...LEASED, cursor: 3, revision: 2, moves: 1 }, 5);
  expect(lease).toMatchObject({ cursor: 20, revision: 1, heldUntilMs: 60_005 });
  lease.running = false;
  renewLease(lease, { ...LEASED, cursor: 10, revision: 2, moves: 1 }, 5);
  expect(lease).toMatchObject({ cursor: 10, saved: 10, revision: 2, moves: 1 });
});
