import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { idleApp } from '../../scripts/openapi-document.ts';
import { DOORS, undecided } from './doors.ts';
import { disclosedDoors } from '../support/reading-functions.ts';
import { routesOf } from './routes.ts';

let app: FastifyInstance;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ app, close } = await idleApp());
});
afterEach(() => close());

it('every route of the server is read by a door of the test, or tells nothing', async () => {
  await app.ready();
  const routes = routesOf(app);
  expect(routes).toContain('GET /api/v1/objects/:id/history');
  expect(routes.length).toBeGreaterThan(40);
  expect(await disclosedDoors()).toContain('webhook');
  expect(undecided(routes, await disclosedDoors())).toEqual([]);
});

it('a new route that nobody registered turns it red', async () => {
  const config = { access: 'public' } as const;
  app.get('/api/v1/objects/:id/rumours', { config }, () => 'psst');
  await app.ready();
  expect(undecided(routesOf(app), await disclosedDoors())).toEqual([
    'not registered: GET /api/v1/objects/:id/rumours',
  ]);
});

it('so does a new name under which something is given away', async () => {
  await app.ready();
  expect(undecided(routesOf(app), [...(await disclosedDoors()), 'rumours'])).toEqual([
    'not registered: rumours',
  ]);
});

it.each(DOORS.filter(({ routes }) => routes.length > 0))(
  'and so does $name when it is taken out of the register',
  async (door) => {
    await app.ready();
    const others = DOORS.filter((one) => !one.routes.some((route) => door.routes.includes(route)));
    expect(undecided(routesOf(app), await disclosedDoors(), others)).not.toEqual([]);
  },
);
