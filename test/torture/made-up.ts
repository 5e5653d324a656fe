import { createHash } from 'node:crypto';
import type { Member } from '../../src/sharing/member.ts';
import { appendAudit } from '../../src/store/audit/record.ts';
import type { Database } from '../../src/store/postgres/database.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { saveVersions } from '../../src/store/content/save-versions.ts';
import type { NewVersion } from '../../src/store/content/versions.ts';
import { rankOf, reachOf } from './alliance.ts';
import { keyOf, type Ledger } from './ledger.ts';
import { objectOf } from './objects.ts';
import type { Random } from './random.ts';

/** Thrown inside the transaction to have it rolled back. */
class RolledBack extends Error {}

const MODIFIED = '2026-02-01T00:00:01.000Z';
let made = 0;

/**
 * Shares one made-up object with the sharer's default community, straight through the store.
 * `hold` runs before the commit; where it answers false, all is rolled back.
 */
export async function shareMadeUp(
  {
    db,
    member,
    ledger,
    random,
  }: {
    readonly db: Database;
    readonly member: Member;
    readonly ledger: Ledger;
    readonly random: Random;
  },
  hold: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  const { slug, id: organisationId, defaultCommunityId } = member.organisation;
  const stixId = `indicator--${random.uuid()}`;
  const name = `made up ${++made} by a control`;
  const object = objectOf({ stixId, modified: MODIFIED, name, tlp: undefined, revoked: false });
  const version = versionOf(stixId, JSON.stringify(object), defaultCommunityId ?? 0);
  const entry = { organisationId, actor: 'torture', action: 'objects.share', requestId: undefined };
  const kept = await asViewer(db, member.viewer, async (tx) => {
    const auditId = await appendAudit(tx, { ...entry, detail: {} });
    const { realmId } = member.viewer;
    await saveVersions(tx, { realmId, organisationId, auditId }, [version]);
    if (!(await hold())) throw new RolledBack();
    return true;
  }).catch((error: unknown) => {
    if (error instanceof RolledBack) return false;
    throw error;
  });
  const posted = {
    key: keyOf({ id: stixId, modified: MODIFIED, name }),
    stixId,
    modified: MODIFIED,
    sharer: slug,
    reach: reachOf(slug, [], undefined),
    rank: rankOf(undefined),
    request: made,
    answeredMs: performance.now(),
  };
  ledger.posted.set(posted.key, { ...posted, fate: kept ? 'accepted' : 'refused' });
}

function versionOf(stixId: string, content: string, audienceId: number): NewVersion {
  return {
    stixId,
    type: 'indicator',
    modified: MODIFIED,
    audienceId,
    tlp: rankOf(undefined),
    superseded: false,
    variant: 0,
    revoked: false,
    confidence: null,
    labels: null,
    createdByRef: null,
    validUntil: null,
    contentHash: createHash('sha256').update(content).digest('hex'),
    contentKey: null,
    referencedTlp: null,
    referencesAt: null,
    content,
    observables: [],
    links: [],
  };
}
