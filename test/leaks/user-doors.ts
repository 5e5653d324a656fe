/** The doors that tell of people: who is a user of what, and who is signed in. */
import { askAs, isTurnedAway, type Door } from './door.ts';

const users: Door = {
  name: 'users',
  routes: ['GET /api/v1/users', 'GET /api/v1/users/:id'],
  every: 5,
  async read(visit, hearing) {
    const { world, viewer } = visit;
    const answer = await askAs(visit, '/users', { role: 'org_admin' });
    if (isTurnedAway(visit, hearing, answer)) return;
    for (const { id, email, organisation } of world.people.values()) {
      const due = organisation === viewer;
      hearing.compare(email, answer.text.includes(email), { due });
      const { status } = await askAs(visit, `/users/${id}`, { role: 'org_admin' });
      hearing.compare(email, status === 200, { due, detail: 'alone' });
    }
  },
};

/** Each user has their own, also while their organisation does not take part; a key has none. */
const sessions: Door = {
  name: 'sessions',
  routes: ['GET /api/v1/sessions'],
  every: 5,
  async read(visit, hearing) {
    const { world, who } = visit;
    const { text } = await askAs(visit, '/sessions', { role: 'org_admin' });
    for (const [name, { email, session }] of world.people) {
      hearing.compare(`session of ${email}`, text.includes(session), { due: name === who.name });
    }
  },
};

export const USER_DOORS = [users, sessions];
