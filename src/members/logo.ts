import { Problem } from '../errors.ts';
import type { Database } from '../store/postgres/database.ts';
import { deleteLogo, findLogo, putLogo, type LogoRecord } from '../store/members/logos.ts';
import { administer, type Administrator } from '../access/administer.ts';
import { readOrganisation, seesAll } from './directory.ts';

/** A logo has at most this many bytes. */
export const LOGO_BYTES_MAX = 65_536;

/** By its first bytes: PNG (ISO/IEC 15948 §5.2, with its first chunk) and JPEG (ITU-T T.81 §B.1). */
const FORMS = [
  { mediaType: 'image/png', head: /^89504e470d0a1a0a.{8}49484452/ },
  { mediaType: 'image/jpeg', head: /^ffd8ff/ },
] as const;

/** Throws Problem not_found, also for an organisation that has no logo. */
export async function readLogo(db: Database, by: Administrator, slug: string): Promise<LogoRecord> {
  const { id } = await readOrganisation(db, by, slug);
  const logo = await findLogo(db.server, id);
  if (logo === undefined) throw none(slug);
  return logo;
}

/**
 * Gives an organisation a logo: for admins, and its own org_admin. What it is, its first bytes say.
 * Throws Problem not_found, role_not_allowed or logo_unsupported.
 */
export async function changeLogo(
  db: Database,
  by: Administrator,
  slug: string,
  content: Uint8Array,
): Promise<void> {
  const id = await findChangeable(db, by, slug);
  const mediaType = mediaTypeOf(content);
  const detail = { organisation: slug, bytes: content.length };
  await administer(db, by, changeOf(detail), (tx) => putLogo(tx, id, { mediaType, content }));
}

/** Throws Problem not_found, also where there was none, or role_not_allowed. */
export async function removeLogo(db: Database, by: Administrator, slug: string): Promise<void> {
  const id = await findChangeable(db, by, slug);
  const detail = { organisation: slug, bytes: 0 };
  await administer(db, by, changeOf(detail), async (tx) => {
    if (!(await deleteLogo(tx, id))) throw none(slug);
  });
}

function changeOf(detail: { readonly organisation: string; readonly bytes: number }) {
  return { action: 'organisation.logo', describe: () => detail, about: () => [detail] };
}

async function findChangeable(db: Database, by: Administrator, slug: string): Promise<number> {
  const { id } = await readOrganisation(db, by, slug);
  if (seesAll(by, slug)) return id;
  throw new Problem('role_not_allowed', 'Only an admin may change another organisation');
}

function mediaTypeOf(content: Uint8Array): LogoRecord['mediaType'] {
  const head = Buffer.from(content.subarray(0, 16)).toString('hex');
  const form = FORMS.find((one) => one.head.test(head));
  if (form !== undefined) return form.mediaType;
  const start = Buffer.from(content.subarray(0, 1024)).toString('latin1');
  const detail = /<(?:svg|\?xml|!doctype)/i.test(start)
    ? 'SVG can contain scripts. Send the logo as PNG'
    : 'Send the logo as PNG or JPEG. Its bytes decide what it is, not its name';
  throw new Problem('logo_unsupported', detail);
}

function none(slug: string): Problem {
  return new Problem('not_found', `${slug} has no logo`);
}
