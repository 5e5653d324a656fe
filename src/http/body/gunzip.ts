import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';

/** A gzip body may decompress to this many times its size, once past the first MiB. */
const UNFOLDING_MAX = 200;
const UNFOLDING_FREE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Whether the body is gzip. Throws Problem content_encoding_unsupported for any other encoding. */
export function isGzip({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return false;
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  throw new Problem('content_encoding_unsupported', 'Send the body uncompressed or as gzip', {
    path: 'content-encoding',
  });
}

/** What a gzip body unfolds to. Throws Problem when it is corrupt or unfolds too far. */
export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let taken = 0;
  let given = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      taken += chunk.length;
      yield chunk;
    }
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong is thrown where the bytes are read.
  pipeline(Readable.from(counted(), { objectMode: false }), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      given += chunk.length;
      if (given > UNFOLDING_FREE_BYTES && given > taken * UNFOLDING_MAX) throw bomb();
      yield chunk;
    }
  } catch (error) {
    throw error instanceof Problem ? error : notGzip(error);
  }
}

function bomb(): Problem {
  return new Problem(
    'body_too_large',
    `A gzip body may decompress to ${UNFOLDING_MAX} times its size`,
  );
}

function notGzip(cause: unknown): Problem {
  return new Problem('invalid_request', 'The body is truncated or corrupt gzip', {
    path: 'content-encoding',
    cause,
  });
}
