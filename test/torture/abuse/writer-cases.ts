/** Abuse by what is stored: histories, audiences, groups, subscriptions and sheer volume. */
import { MEMBERS } from '../alliance.ts';
import { barrage, send, type Attack, type Case, type Shot } from './attack.ts';
import { bundleOf } from './documents.ts';

const HEADERS = { 'content-type': 'application/json' };

function publishing({ keys }: Attack, path: string, body: string): Shot {
  return { method: 'POST', path, key: keys.publisher, headers: HEADERS, body };
}

/** The same ids with a later `modified`, round after round. */
export const refreshes: Case = async (attack) => {
  const ids = Array.from({ length: 2000 }, () => `indicator--${attack.random.uuid()}`);
  await barrage(attack, 1, (_lane, round) =>
    send(attack, publishing(attack, '/api/v1/bundles', bundleOf(ids, round + 1))),
  );
};

/** Every set of organisations there is as an audience, only asked about. */
export const manyAudiences: Case = async (attack) => {
  const { random } = attack;
  const body = bundleOf([`indicator--${random.uuid()}`], 1);
  const slugs = MEMBERS.map(({ slug }) => slug);
  await barrage(attack, 8, async () => {
    const some = slugs.filter(() => random.chance(0.5));
    const audience = some.length === 0 ? (slugs[0] ?? '') : some.join(',');
    const dryRun = random.chance(0.8) ? '&dry_run=true' : '';
    await send(attack, publishing(attack, `/api/v1/bundles?audience=${audience}${dryRun}`, body));
  });
};

/** Groups by the hundred, with a member that was not asked. */
export const manyGroups: Case = async (attack) => {
  const { random } = attack;
  await barrage(attack, 6, async () => {
    const slug = `g-${random.uuid()}`;
    const group = JSON.stringify({ slug, name: slug, members: ['ally-d', 'cert-a'] });
    const groups = '/api/v1/sharing-groups';
    const created = await send(attack, publishing(attack, groups, group));
    const path = `${created ?? `${groups}/${slug}`}/members`;
    for (const organisation of ['ally-d', 'cert-a', 'cert-b']) {
      await send(attack, publishing(attack, path, JSON.stringify({ organisation })));
    }
  });
};

/** More subscriptions than are allowed, asked for at the same moment, to receivers that never answer. */
export const manySubscriptions: Case = async (attack) => {
  const { keys, host, port } = attack;
  await barrage(attack, 16, async (_lane, round) => {
    const body = JSON.stringify({ url: `http://${host}:${port}/nowhere/${round}`, filter: {} });
    const shot = { method: 'POST', path: '/api/v1/subscriptions', headers: HEADERS, body };
    await send(attack, { ...shot, key: keys.org_admin });
  });
};

/** As many new objects as the key may send, the largest among them. */
export const floods: Case = async (attack) => {
  const { random } = attack;
  const filler = 'x'.repeat(500_000);
  await barrage(attack, 2, async (lane) => {
    const ids = Array.from({ length: 500 }, () => `indicator--${random.uuid()}`);
    const bundle = bundleOf(lane === 0 ? ids : ids.slice(0, 10), 1);
    const body = lane === 0 ? bundle : bundle.replaceAll('"name":"v1"', `"name":"${filler}"`);
    await send(attack, publishing(attack, '/api/v1/bundles', body));
  });
};

/** Sign-ins with addresses that nobody has, and one password for many accounts. */
export const signIns: Case = async (attack) => {
  const { random } = attack;
  await barrage(attack, 120, async (lane) => {
    const email = `${random.uuid()}@example.com`;
    const body = JSON.stringify({ email, password: 'correct horse battery staple' });
    const from = lane < 60 ? '127.0.0.66' : `127.0.${lane}.${random.between(1, 250)}`;
    const shot = { method: 'POST', path: '/api/v1/sessions', headers: HEADERS, body, from };
    await send(attack, shot);
  });
};
