import { describe, expect, it } from 'vitest';
import { createByteBudget, type ByteBudget } from '../../src/http/edge/byte-budget.ts';

/** A wait that no test waits out. */
const LONG_MS = 60_000;

function aBudget(total = 100, perOrganisation = total): ByteBudget {
  return createByteBudget({ total, perOrganisation, waitMs: LONG_MS });
}

/** Records in which order promises are fulfilled. */
function order(): { readonly done: string[]; note(name: string, wait: Promise<unknown>): void } {
  const done: string[] = [];
  return { done, note: (name, wait) => void wait.then(() => done.push(name)) };
}

/** Lets everything continue that can. */
const settled = () => new Promise((resume) => setImmediate(resume));

describe('the budget of bytes in flight', () => {
  it('counts what is taken until it is returned, once', async () => {
    const budget = aBudget();
    const release = await budget.acquire(60);
    expect(budget.inFlight()).toBe(60);
    release();
    release();
    expect(budget.inFlight()).toBe(0);
  });

  it('makes whatever does not fit wait for room, the first one first', async () => {
    const budget = aBudget();
    const first = await budget.acquire(60);
    const { done, note } = order();
    note('large', budget.acquire(80));
    note('small', budget.acquire(10));
    await settled();
    expect(done).toEqual([]);
    first();
    await settled();
    expect(done).toEqual(['large', 'small']);
    expect(budget.inFlight()).toBe(90);
  });

  it('fails a wait that takes too long, and serves those behind it', async () => {
    const budget = aBudget();
    await budget.acquire(60);
    const tooLong = budget.acquire(80, { waitMs: 1 });
    const behind = budget.acquire(40);
    const busy = { code: 'server_busy', extra: { retry_after: expect.any(Number) } };
    await expect(tooLong).rejects.toMatchObject(busy);
    await behind;
    expect(budget.inFlight()).toBe(100);
  });

  it('ends a wait whose request has ended', async () => {
    const budget = aBudget();
    const first = await budget.acquire(100);
    const leaving = new AbortController();
    const waiting = budget.acquire(1, { signal: leaving.signal });
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'server_busy' });
    await expect(budget.acquire(1, { signal: leaving.signal })).rejects.toThrow();
    const account = budget.open();
    const taking = account.take(1);
    account.close();
    await expect(taking).rejects.toThrow();
    await account.take(1);
    first();
    expect(budget.inFlight()).toBe(0);
  });

  it('gives one organisation its share and the others the rest', async () => {
    const budget = aBudget(100, 25);
    const greedy = await budget.acquire(25, { organisationId: 1 });
    const { done, note } = order();
    note('greedy', budget.acquire(1, { organisationId: 1 }));
    note('other', budget.acquire(25, { organisationId: 2 }));
    note('anonymous', budget.acquire(15));
    await settled();
    expect(done).toEqual(['other', 'anonymous']);
    greedy();
    await settled();
    expect(done).toEqual(['other', 'anonymous', 'greedy']);
  });

  it('leaves room to others when several organisations take all that they can', async () => {
    const budget = aBudget(1000, 250);
    const { done, note } = order();
    for (const organisationId of [1, 2, 3, 4]) {
      const account = budget.open(organisationId);
      const greedy = async (): Promise<void> => {
        for (let taken = 0; taken < 100; taken++) await account.take(10);
      };
      greedy().catch(() => undefined);
      await settled();
    }
    note('somebody else', budget.acquire(50, { organisationId: 5 }));
    await settled();
    expect(done).toEqual(['somebody else']);
  });

  it('lets one that waits for a large part of the rest hold up no others', async () => {
    const budget = aBudget(1000, 250);
    for (const organisationId of [1, 2, 3]) await budget.acquire(200, { organisationId });
    const { done, note } = order();
    note('large', budget.acquire(250, { organisationId: 4 }));
    note('small', budget.acquire(20, { organisationId: 5 }));
    await settled();
    expect(done).toEqual(['small']);
  });

  it('holds up nobody by a request that waits only behind one of its own organisation', async () => {
    const budget = aBudget(100, 50);
    await budget.acquire(45, { organisationId: 1 });
    const { done, note } = order();
    note('large', budget.acquire(20, { organisationId: 1 }));
    // It would fit, but it waits for its turn within its organisation.
    note('small', budget.acquire(1, { organisationId: 1 }));
    await settled();
    note('somebody else', budget.acquire(10, { organisationId: 2 }));
    await settled();
    expect(done).toEqual(['somebody else']);
  });

  it('lets a single request of any size continue alone, counted as the whole share', async () => {
    const budget = aBudget(100, 50);
    const account = budget.open(1);
    await account.take(30);
    await account.take(1_000);
    expect(budget.inFlight()).toBe(50);
    account.close();
    expect(budget.inFlight()).toBe(0);
  });

  it('prefers the older request, which is nearer to its end', async () => {
    const budget = aBudget();
    const older = budget.open(1);
    const younger = budget.open(2);
    await older.take(50);
    await younger.take(50);
    const { done, note } = order();
    note('younger', younger.take(10));
    note('older', older.take(10));
    younger.give(10);
    await settled();
    expect(done).toEqual(['older']);
    older.close();
    await settled();
    expect(done).toEqual(['older', 'younger']);
  });

  it('does not let one wait again and again that gets a little at a time', async () => {
    const budget = createByteBudget({ total: 100, perOrganisation: 100, waitMs: 300 });
    const other = budget.open(1);
    await other.take(100);
    const drop = budget.open(2);
    const dripping = setInterval(() => other.give(1), 20);
    let got = 0;
    const waiting = async (): Promise<void> => {
      for (; got < 100; got += 1) await drop.take(1);
    };
    await expect(waiting()).rejects.toMatchObject({ code: 'server_busy' });
    clearInterval(dripping);
    expect(got).toBeGreaterThan(0);
  });

  it('lets the older of two that wait for each other continue when the younger one fails', async () => {
    const budget = aBudget();
    const older = budget.open(1);
    const younger = budget.open(2);
    await older.take(50);
    await younger.take(50);
    const waitMs = 20;
    const going = older.take(50, { waitMs });
    await expect(younger.take(50, { waitMs }).finally(younger.close)).rejects.toThrow();
    await going;
    expect(budget.inFlight()).toBe(100);
  });
});
