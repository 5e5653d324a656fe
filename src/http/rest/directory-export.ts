/** The directory for a spreadsheet (RFC 4180) and for an address book (vCard 4.0, RFC 6350). */
import type { Contact, OrganisationView } from '../../store/members/directory.ts';

const COLUMNS = [
  'slug',
  'organisation',
  'kind',
  'country',
  'identities',
  'role',
  'name',
  'email',
  'phone',
  'hours',
];

/** One row for each contact; one without for an organisation that shows none. */
export function toCsv(organisations: readonly OrganisationView[]): string {
  const rows = organisations.flatMap((organisation) => {
    const { slug, name, kind, country, identities } = organisation;
    const facts = [slug, name, kind, country ?? '', identities.join(' ')];
    if (organisation.contacts.length === 0) return [[...facts, '', '', '', '', '']];
    return organisation.contacts.map((contact) => {
      const { role, name, email, phone, hours } = contact;
      return [...facts, role, name, email, phone, hours];
    });
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/**
 * Every place where a spreadsheet may begin a cell, and a formula would begin: at the start, or after a
 * character that spreadsheets split on, whatever the quotes say. White space, format characters,
 * quotation marks and apostrophes may stand between.
 */
const FORMULA_STARTS =
  /(?<=^|[,;|\t\n\v\f\r\u0085\u2028\u2029])(?=[\s\p{Cf}\u0085"']*[=+\-@＝＋－＠﹦﹢﹣﹫−])/gu;

/**
 * Gets an apostrophe at each of these places, which makes text of what follows. Since apostrophes
 * that were there before get another one, who removes one at each place has the text as it was.
 */
export function neutralised(text: string): string {
  return text.replaceAll(FORMULA_STARTS, "'");
}

function cell(text: string): string {
  const plain = neutralised(text);
  return /[^\w .:@/+-]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** One card for each contact. */
export function toVcards(organisations: readonly OrganisationView[]): string {
  return organisations
    .flatMap((organisation) => organisation.contacts.map((contact) => card(organisation, contact)))
    .join('');
}

function card({ name, country }: OrganisationView, contact: Contact): string {
  const lines = [
    'BEGIN:VCARD',
    'VERSION:4.0',
    `FN:${escaped(contact.name)}`,
    `ORG:${escaped(name)}`,
    `ROLE:${escaped(contact.role)}`,
    contact.email && `EMAIL:${escaped(contact.email)}`,
    contact.phone && `TEL;VALUE=text:${escaped(contact.phone)}`,
    country && `ADR:;;;;;;${escaped(country)}`,
    contact.hours && `NOTE:${escaped(contact.hours)}`,
    contact.pgpKey && `KEY;VALUE=text:${escaped(contact.pgpKey)}`,
    contact.smimeCertificate && `KEY;VALUE=text:${escaped(contact.smimeCertificate)}`,
    'END:VCARD',
  ];
  return lines.map((line) => (line ? folded(line) : '')).join('');
}

/**
 * RFC 6350 §3.4: what has a meaning of its own in a value. Every character that some reader takes for
 * the end of a line counts as one; no other control character is allowed there.
 */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\,;]/g, (character) => `\\${character}`)
    .replaceAll(/\r\n|[\r\n\v\f\u0085\u2028\u2029]/g, '\\n')
    .replaceAll(/\p{Cc}/gu, ' ');
}

/** RFC 6350 §3.2: at most 75 octets on a line, no character torn apart. */
function folded(line: string): string {
  let text = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > 75) {
      text += '\r\n ';
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return `${text}\r\n`;
}
