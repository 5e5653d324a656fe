/** Every way in which an object is read, by one name each: the object, and what stands beside it. */
import { sealCursor } from '../../src/log/cursor.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import type { Actor, Context } from './actors.ts';
import type { PostedObject } from './builders.ts';
import { follow } from './follow.ts';
import { subscribes } from './subscribe.ts';
import type { Tocsin } from './tocsin.ts';
import type { Webhooks } from './webhooks.ts';

/** An object and its context, as a door gives them. */
export interface Given {
  readonly object: PostedObject;
  readonly context: Context;
}

/** Reads the newest version of an object. */
export type ReadingDoor = (reader: Actor, id: string, asPosted: boolean) => Promise<Given>;

const PULLED: Readonly<Record<string, ReadingDoor>> = {
  changes: async (reader, id, asPosted) => {
    const { objects, context } = await reader.reads({ limit: 10_000, as_posted: asPosted });
    return lastOf(
      objects.map((object, i) => ({ object, context: contextAt(context, i) })),
      id,
    );
  },
  'changes in lines': async (reader, id, asPosted) => {
    const query = { limit: 10_000, as_posted: asPosted };
    const asked = reader
      .sends('get', '/changes')
      .query(query)
      .set('accept', 'application/x-ndjson');
    const lines = (await asked.buffer(true)).text.trimEnd().split('\n');
    return lastOf(
      lines.slice(0, -1).map((line) => JSON.parse(line) as Given),
      id,
    );
  },
  object: async (reader, id, asPosted) => {
    const { body, headers } = await reader.finds(id, { as_posted: asPosted }).expect(200);
    return { object: body, context: JSON.parse(String(headers['tocsin-context'])) as Context };
  },
  versions: async (reader, id, asPosted) => {
    const { body } = await reader.finds(id, { version: 'all', as_posted: asPosted }).expect(200);
    const { objects, context } = body as { objects: PostedObject[]; context: Context[] };
    return { object: objects[0] ?? missing(), context: contextAt(context, 0) };
  },
  history: async (reader, id, asPosted) => {
    const path = `/objects/${id}/history`;
    const { body } = await reader.sends('get', path).query({ as_posted: asPosted }).expect(200);
    return (body as { versions: Given[] }).versions[0] ?? missing();
  },
};

/** Every door that gives objects. */
export function readingDoors(tocsin: Tocsin, webhooks: Webhooks): Record<string, ReadingDoor> {
  return {
    ...PULLED,
    stream: async (reader, id, asPosted) => {
      const stream = await follow(tocsin, reader, {
        after: await beginning(tocsin, reader),
        asPosted,
      });
      const events = await stream.until(({ data }) => (data as { id?: string } | null)?.id === id);
      await stream.close();
      const { data, context = missing() } = events.at(-1) ?? {};
      return { object: data as PostedObject, context };
    },
    webhook: async (reader, id, asPosted) => {
      const wish = { start: 'beginning', as_posted: asPosted };
      const { path } = await subscribes(reader, webhooks, wish);
      const given = (all: Webhooks['deliveries']): Given[] =>
        all.flatMap(({ objects, contexts }) =>
          objects.map((object, i) => ({ object, context: contextAt(contexts, i) })),
        );
      const come = await webhooks.until(path, (all) =>
        given(all).some(({ object }) => object.id === id),
      );
      return lastOf(given(come), id);
    },
  };
}

export function missing(): never {
  throw new Error('Not given');
}

export function contextAt(contexts: readonly Context[], at: number): Context {
  return contexts[at] ?? missing();
}

function lastOf(given: readonly Given[], id: string): Given {
  return given.findLast(({ object }) => object.id === id) ?? missing();
}

/** A cursor before everything. */
async function beginning(tocsin: Tocsin, reader: Actor): Promise<string> {
  const { viewer } = await memberOfOrganisation(tocsin.db, reader.slug, 'test');
  return sealCursor(tocsin.keyring, viewer, 0);
}
