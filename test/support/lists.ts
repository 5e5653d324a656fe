/** Plain lists of values, posted as one organisation. */
import type { Response, Test } from 'supertest';
import type { Actor } from './actors.ts';

/** The answer about one value. */
export interface ValueResult {
  readonly index: number;
  readonly line?: number;
  readonly column?: string;
  readonly given: string;
  readonly type?: string;
  readonly value?: string;
  readonly port?: number;
  readonly id?: string;
  readonly outcome: string;
  readonly tlp?: string;
  readonly code?: string;
  readonly path?: string;
  readonly detail?: string;
  readonly warnings?: readonly { readonly code: string; readonly detail: string }[];
}

let hosts = 0;

/** A name that no other test of the file uses. */
export function aHost(): string {
  return `host-${++hosts}.example`;
}

/** The results of a list that was accepted. */
export function resultsOf(response: Response): ValueResult[] {
  if (response.status !== 200) throw new Error(`${response.status} ${response.text}`);
  return (response.body as { results: ValueResult[] }).results;
}

export class ListClient {
  readonly actor: Actor;

  constructor(actor: Actor) {
    this.actor = actor;
  }

  json(body: object, query: object = {}): Test {
    return this.actor.sends('post', '/values').query(query).send(body);
  }

  text(body: string | Buffer, query: object = {}, type = 'text/plain'): Test {
    const post = this.actor.sends('post', '/values').query(query);
    return post.set('content-type', type).send(body);
  }

  csv(body: string | Buffer, query: object = {}): Test {
    return this.text(body, query, 'text/csv');
  }

  /** An object as it is stored. */
  async stored(id: string): Promise<Readonly<Record<string, unknown>>> {
    await this.actor.reads({ limit: 1 });
    const { body } = await this.actor.finds(id);
    return body as Readonly<Record<string, unknown>>;
  }
}
