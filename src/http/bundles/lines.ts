/** Takes one thing a line, in parts, and answers when the whole body has been read. */
import type { Readable } from 'node:stream';
import { asSentence, Problem } from '../../errors.ts';
import { createPace, type Pace } from '../../concurrency/slices.ts';
import { accept, type AcceptInput } from '../../indicators/accept.ts';
import type { SharingContext } from '../../indicators/context.ts';
import type { RequestPart } from '../../indicators/examine-all.ts';
import type { KnownMarkings } from '../../indicators/markings.ts';
import type { ObjectResult } from '../../indicators/results.ts';
import type { ByteAccount } from '../edge/byte-budget.ts';
import { toProblem } from '../errors/translate.ts';
import { withRenewal } from '../auth/standing.ts';
import { readLines, type Line } from './ndjson.ts';
import { withResults } from './results-answer.ts';
import type { Spools } from './spool.ts';
import { emptySummary, type Summary } from './summary.ts';
import { quantity } from '../../quantity.ts';

type Sharing = Pick<AcceptInput, 'member' | 'audience'>;

export interface LinesRequest extends AcceptInput {
  /** Told the results of each part. */
  readonly count: (results: readonly ObjectResult[]) => void;
  /** As whom and with whom the next part is shared, where either has changed since the request began. */
  readonly renew: () => Promise<Sharing>;
  readonly account: ByteAccount;
  readonly spools: Spools;
  /** Aborts when the client has left: nobody would read the answer. */
  readonly gone: AbortSignal;
}

/** What the lines are, and how they are shared and answered. */
export interface LineKind<T> {
  /** The lines as they come, charged to the account and at this pace. */
  lines(pace: Pace): AsyncIterable<Line<T>>;
  /** Shares one part of them. */
  accept(values: readonly T[], part: RequestPart, input: AcceptInput): Promise<ObjectResult[]>;
  /** The result as it is answered. */
  present(result: ObjectResult, value: T | undefined): object;
  /** What comes before the results, once all lines have been read. Throws Problem where they are not enough. */
  head(summary: Summary): object;
}

/** Objects and bytes of one part, which is one transaction; its last line may go beyond the bytes. */
const PART = 2500;
const PART_BYTES_MAX = 8 * 1024 * 1024;
/** All or nothing is held until it is whole, so it has limits. */
const ATOMIC_OBJECTS_MAX = 50_000;
const ATOMIC_BYTES_MAX = 64 * 1024 * 1024;

/** Accepts one object a line. */
export function acceptNdjson(
  context: SharingContext,
  body: AsyncIterable<Buffer>,
  request: LinesRequest,
): Promise<Readable> {
  const { account, dryRun } = request;
  return acceptLines<unknown>(request, {
    lines: (pace) => readLines(body, { account, pace }),
    accept: (objects, part, input) => accept(context, { objects, part }, input),
    present: hinted,
    head: (summary) => ({ bundle: null, dry_run: dryRun, summary }),
  });
}

/**
 * Accepts the lines part by part; memory holds one part. The answer, one result for each line, is
 * put aside until the body has been read, since many clients read only then.
 */
export async function acceptLines<T>(request: LinesRequest, kind: LineKind<T>): Promise<Readable> {
  const acceptPart = acceptParts(request, kind);
  const { account, gone } = request;
  const pace = createPace(String(request.member.organisation.id));
  const spool = request.spools.open(request.member.organisation.id);
  const summary = emptySummary();
  let read = 0;
  let written = 0;
  const take = async (lines: readonly Line<T>[], moreFollow: boolean): Promise<void> => {
    const results = await acceptPart(lines, read, moreFollow);
    for (const result of results) {
      if (pace.isOver()) await pace.next();
      summary[result.outcome]++;
      const presented = kind.present(result, lines[result.index - read]?.value);
      await spool.write(`${written++ === 0 ? '' : ','}${JSON.stringify(presented)}`);
    }
    read += lines.length;
    request.count(results);
    account.give(lines.reduce((sum, { cost }) => sum + cost, 0));
  };
  let head: object;
  try {
    let part: Line<T>[] = [];
    let bytes = 0;
    for await (const line of kind.lines(pace)) {
      if (gone.aborted) throw left();
      // A full part waits for the next line: only the last one can tell that no definition follows.
      if (!request.atomic && (part.length >= PART || bytes >= PART_BYTES_MAX)) {
        await take(part, true);
        part = [];
        bytes = 0;
      }
      part.push(line);
      bytes += line.bytes;
      if (request.atomic) refuseTooMany(part.length, bytes);
    }
    if (part.length > 0) await take(part, false);
    head = kind.head(summary);
  } catch (error) {
    await spool.discard();
    // Of all or nothing, and of a dry run, nothing was kept.
    const isNothingKept = read === 0 || request.atomic || request.dryRun;
    throw isNothingKept ? error : stoppedWithin(error, summary);
  }
  const answer = withResults(head, spool.read());
  // A client that has left reads none of it, not even its beginning.
  answer.once('close', () => void spool.discard().catch(() => undefined));
  return answer;
}

/** A function that accepts one part after another, each as what the caller is by then. */
function acceptParts<T>(request: LinesRequest, kind: LineKind<T>) {
  let sharing: Sharing = request;
  const markings: KnownMarkings = new Map();
  return (
    lines: readonly Line<T>[],
    firstIndex: number,
    moreFollow: boolean,
  ): Promise<ObjectResult[]> => {
    const values = lines.map(({ value }) => value);
    return withRenewal(
      () => {
        const part = { firstIndex, markings, moreFollow };
        return kind.accept(values, part, { ...request, ...sharing });
      },
      async () => {
        sharing = await request.renew();
      },
    );
  };
}

/** Who sends a whole bundle as a line meant another content type. */
function hinted(result: ObjectResult): ObjectResult {
  const { code, detail = '' } = result;
  if (code !== 'nested_bundle') return result;
  return {
    ...result,
    detail: `${detail}. Send a bundle as application/json, or its objects one a line`,
  };
}

/** The same problem, with what was stored before it: those parts stay shared. */
function stoppedWithin(error: unknown, summary: Summary): Problem {
  const { code, message, path, extra } = toProblem(error);
  const taken = Object.values(summary).reduce((sum, count) => sum + count);
  const detail =
    `${asSentence(message)} Of ${quantity(taken, 'object')} before that, ` +
    `${summary.created + summary.updated} are stored and shared; \`summary\` has the counts. You can send ` +
    'the whole body again: what is stored is then `unchanged`.';
  return new Problem(code, detail, {
    ...(path === undefined ? {} : { path }),
    extra: { ...extra, summary },
    cause: error,
  });
}

function refuseTooMany(objects: number, bytes: number): void {
  if (objects <= ATOMIC_OBJECTS_MAX && bytes <= ATOMIC_BYTES_MAX) return;
  throw new Problem(
    'bundle_too_large',
    `All or nothing takes at most ${ATOMIC_OBJECTS_MAX} objects and ${ATOMIC_BYTES_MAX} bytes`,
    { extra: { limit: ATOMIC_OBJECTS_MAX, limit_bytes: ATOMIC_BYTES_MAX } },
  );
}

function left(): Problem {
  return new Problem('invalid_request', 'The client left before its lines were read');
}
