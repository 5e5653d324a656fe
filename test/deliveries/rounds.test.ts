import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startRounds, type Rounds } from '../../src/deliveries/rounds.ts';

let rounds: Rounds;
let begun: number[];
/** Whether there is anything to do. */
let busy: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  begun = [];
  busy = true;
  rounds = startRounds(() => {
    begun.push(performance.now());
    return busy;
  });
});
afterEach(() => {
  rounds.stop();
  vi.useRealTimers();
});

/** How long after the request the next round begins, which is asked for again and again. */
function waitsFor(): number {
  const count = begun.length;
  const startMs = performance.now();
  while (begun.length === count && performance.now() - startMs < 10_000) {
    rounds.request();
    vi.advanceTimersByTime(1);
  }
  return (begun.at(-1) ?? 0) - startMs;
}

it('the first begins at once, and so does one after a pause', () => {
  expect(waitsFor()).toBeLessThan(2);
  vi.advanceTimersByTime(1000);
  expect(waitsFor()).toBeLessThan(2);
});

it('while one follows another, objects gather in between: the longer, the longer reading takes', () => {
  waitsFor();
  const gap = waitsFor();
  expect(gap).toBeGreaterThan(10);
  expect(gap).toBeLessThan(60);
  for (let i = 0; i < 20; i++) rounds.took(50);
  const longer = waitsFor();
  expect(longer).toBeGreaterThan(100);
  expect(longer).toBeLessThan(200);
  for (let i = 0; i < 20; i++) rounds.took(60_000);
  expect(waitsFor()).toBeLessThan(500);
});

it('one in which there was nothing to do delays no other', () => {
  busy = false;
  waitsFor();
  busy = true;
  expect(waitsFor()).toBeLessThan(2);
});

it('begins when it was asked to, and not again', () => {
  rounds.requestIn(500);
  vi.advanceTimersByTime(499);
  expect(begun).toHaveLength(0);
  vi.advanceTimersByTime(2);
  expect(begun).toHaveLength(1);
  vi.advanceTimersByTime(5000);
  expect(begun).toHaveLength(1);
});

it('begins none after it was stopped', () => {
  rounds.request();
  rounds.stop();
  rounds.request();
  vi.advanceTimersByTime(1000);
  expect(begun).toHaveLength(0);
});
