/** Pages of the log as events, read and written once for all streams that stand at the same seq. */
import { inSlices } from '../../concurrency/slices.ts';
import { sealCursor } from '../../log/cursor.ts';
import type { PreparedPage } from '../../reading/metered.ts';
import { readStreamPage } from '../../reading/stream-pages.ts';
import { isPut, type LogRow } from '../../sharing/log-row.ts';
import type { Viewer } from '../../sharing/viewer.ts';
import { serveObject, type ServedForm } from '../../sharing/served.ts';
import type { Services } from '../context.ts';
import { coalesce } from './coalesce.ts';

/** What a page is read with. */
export interface PageRequest {
  readonly viewer: Viewer;
  readonly after: number;
  /** Whether the stream is behind: then the page is as large as a stream may hold. */
  readonly behind: boolean;
  /** Whether superseded versions are left out. */
  readonly current: boolean;
  readonly form: ServedForm;
}

/** A page that several streams send. */
export interface StreamPage {
  /** The events of its rows, and the cursor of its end. */
  readonly page: PreparedPage<Buffer>;
  /** Each stream that received the page calls it once, when its client has read it. */
  release(): void;
}

const ROWS_MAX = 500;
/**
 * A stream that is not behind reads so few bytes that they need no room in the budget: its events
 * do not wait for the answers of others.
 */
const TAIL_BYTES = 64 * 1024;

type PageServices = Pick<Services, 'db' | 'keyring' | 'budget' | 'limits'>;

/**
 * Reads pages. Viewers of the same organisation, realm and clearance see the same log and get the
 * same cursors, so they share a page: what an organisation may see is looked up by the read itself.
 * Throws Problem cursor_expired, or server_busy when there is no room for the page.
 */
export function sharePages(services: PageServices): (asked: PageRequest) => Promise<StreamPage> {
  return coalesce(
    ({ viewer: { organisationId, realmId, cleared }, after, behind, current, form }: PageRequest) =>
      `${organisationId} ${realmId} ${cleared} ${after} ${behind} ${current} ${form.asPosted}`,
    (asked, callers) => buildPage(services, asked, callers),
  );
}

async function buildPage(
  services: PageServices,
  { viewer, after, behind, current, form }: PageRequest,
  callers: number,
): Promise<StreamPage> {
  const bytesMax = behind ? services.limits.streams.bytesMax : TAIL_BYTES;
  const account = services.budget.open(viewer.organisationId);
  let sharers = callers;
  const release = (): void => {
    sharers -= 1;
    if (sharers === 0) account.close();
  };
  try {
    // The rows, and the events that are made of them.
    if (behind) await account.take(2 * bytesMax);
    const request = { after, limit: ROWS_MAX, current, bytesMax };
    const page = await readStreamPage(services.db, viewer, request, async ({ rows, next }) => {
      const end = `id: ${sealCursor(services.keyring, viewer, next)}\n\n`;
      const source = String(viewer.organisationId);
      const events = await inSlices(source, eventsOf(services, viewer, rows, form));
      const bytes = Buffer.from(events + end);
      if (behind) account.give(2 * bytesMax - bytes.length);
      else if (bytes.length > TAIL_BYTES) await account.take(bytes.length);
      return bytes;
    });
    return { page, release };
  } catch (error) {
    account.close();
    throw error;
  }
}

function* eventsOf(
  services: PageServices,
  viewer: Viewer,
  rows: readonly LogRow[],
  form: ServedForm,
): Generator<undefined, string> {
  const events: string[] = [];
  for (const row of rows) {
    events.push(toEvents(services, viewer, row, form));
    yield undefined;
  }
  return events.join('');
}

/** The context comes right before its object, without an id: a client that has read only the context continues before both. */
function toEvents(
  { keyring }: PageServices,
  viewer: Viewer,
  row: LogRow,
  form: ServedForm,
): string {
  const id = sealCursor(keyring, viewer, row.seq);
  if (!isPut(row)) {
    return `event: withdrawn\nid: ${id}\ndata: ${JSON.stringify(row.stixId)}\n\n`;
  }
  const { object, context } = serveObject(row, form);
  return `event: context\ndata: ${context}\n\nevent: object\nid: ${id}\ndata: ${object}\n\n`;
}
