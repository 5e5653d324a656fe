import { z } from 'zod';
import { DemoError } from './children.ts';

const Problem = z.object({ code: z.string(), detail: z.string() });

/** The REST interface of the demo's server, as somebody who has a key calls it. */
export class Api {
  readonly #url: string;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.#url = `${url}/api/v1`;
    this.#signal = signal;
  }

  get<T>(key: string, path: string, answer: z.ZodType<T>): Promise<T> {
    return this.#call('GET', key, path, answer);
  }

  post<T>(key: string, path: string, body: unknown, answer: z.ZodType<T>): Promise<T> {
    return this.#call('POST', key, path, answer, JSON.stringify(body));
  }

  async #call<T>(
    method: string,
    key: string,
    path: string,
    answer: z.ZodType<T>,
    body?: string,
  ): Promise<T> {
    const response = await this.#fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (response.ok) return answer.parse(JSON.parse(text));
    const problem = Problem.safeParse(parsed(text));
    const why = problem.success ? `${problem.data.code}: ${problem.data.detail}` : text;
    throw new DemoError(`${method} /api/v1/${path} was answered ${response.status} ${why}`);
  }

  async #fetch(path: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#url}/${path}`, { ...request, signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new DemoError(`The server did not answer ${request.method ?? 'GET'} /api/v1/${path}`, {
        cause: error,
      });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
