/** Who posts and reads where it matters how an object is marked. */
import type { Test } from 'supertest';
import { anActor, slug, type Actor } from './actors.ts';
import { bundle } from './builders.ts';
import type { Tocsin } from './tocsin.ts';

export interface MarkedReaders {
  /** Posts; her default level is GREEN. */
  readonly alice: Actor;
  /** Reads up to AMBER+STRICT. */
  readonly bob: Actor;
  /** Reads up to AMBER. */
  readonly carol: Actor;
}

/** Three members of a community of their own. */
export async function markedReaders(tocsin: Tocsin): Promise<MarkedReaders> {
  const communities = [slug()];
  const alice = await anActor(tocsin, { communities, defaultTlp: 'green' });
  const bob = await anActor(tocsin, { communities });
  const carol = await anActor(tocsin, { communities, ceiling: 'amber' });
  return { alice, bob, carol };
}

/** Posts objects as a bundle of STIX 2.0. */
export function posts20(actor: Actor, objects: readonly object[], query: object = {}): Test {
  const body = bundle(objects, { spec_version: '2.0' });
  return actor.sends('post', '/bundles').query(query).send(body);
}
