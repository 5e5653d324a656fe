/** What the columns of a table hold, by the names that people and tools give them. */
import { Problem } from '../../errors.ts';
import { didYouMean } from '../../spelling.ts';
import { CONTEXT_FIELDS, type ValueContext } from './context.ts';

/** What a column is: the value, what type it has, or what is said about it. */
export type Field = keyof ValueContext | 'value' | 'type' | 'port';

/** A column as it is read. */
export interface Column {
  /** Its name in the header, or its number from 1. */
  readonly name: string;
  /** Undefined for a column that is not read. */
  readonly field: Field | undefined;
  /** Of a column of values: the kind of all of them, where its name says so. */
  readonly kind?: string;
}

const NAMES: Readonly<Record<Field, string>> = {
  value: `value values indicator indicator_value ioc ioc_value iocs observable observable_value artifact
    attribute_value entry`,
  type: 'type ioc_type value_type observable_type attribute_type kind indicator_kind',
  port: 'port dst_port dest_port destination_port',
  name: 'name title threat_name',
  description: 'description comment comments note notes details info remark remarks',
  labels: 'labels label tags tag keywords attribute_tag',
  indicator_types: 'indicator_types threat_type',
  kill_chain_phases: 'kill_chain_phases kill_chain_phase kill_chain killchain phase',
  tlp: 'tlp tlp_level tlp_marking traffic_light_protocol marking',
  confidence: 'confidence confidence_level',
  valid_from: 'valid_from first_seen first_seen_utc firstseen',
  valid_until: 'valid_until valid_to expires expiry expiration expiration_date expire_date',
  reference: 'reference references link source_url report',
};

/** Columns of values of one kind each; a row may have several. */
const KINDS: Readonly<Record<string, string>> = {
  'ip ip_address ipaddress address src_ip dst_ip source_ip dest_ip destination_ip cidr network':
    'address',
  'ipv4 ipv4_address': 'ipv4-addr',
  'ipv6 ipv6_address': 'ipv6-addr',
  'domain domain_name domains hostname host fqdn': 'domain-name',
  'url uri urls': 'url',
  'email email_address e_mail sender': 'email-addr',
  'hash hashes file_hash filehash': 'hash',
  'md5 md5_hash hash_md5': 'hash:MD5',
  'sha1 sha_1 sha1_hash hash_sha1': 'hash:SHA-1',
  'sha256 sha_256 sha256_hash hash_sha256': 'hash:SHA-256',
  'sha512 sha_512 sha512_hash': 'hash:SHA-512',
  ssdeep: 'hash:SSDEEP',
  tlsh: 'hash:TLSH',
  imphash: 'imphash',
  'filename file_name': 'file-name',
  'filepath file_path path': 'file-path',
  'regkey registry_key registry': 'windows-registry-key',
  mutex: 'mutex',
  'asn as_number autonomous_system': 'autonomous-system',
  'mac mac_address': 'mac-addr',
  'ja3 ja3_fingerprint ja3_hash': 'ja3',
  ja3s: 'ja3s',
  jarm: 'jarm',
  'user_agent useragent': 'user-agent',
  'cve cve_id': 'vulnerability',
};

const words = (names: string): string[] => names.trim().split(/\s+/);
const FIELD_BY_NAME: ReadonlyMap<string, Field> = new Map(
  Object.entries(NAMES).flatMap(([field, names]) =>
    words(names).map((name) => [name, field as Field] as const),
  ),
);
const KIND_BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(KINDS).flatMap(([names, kind]) => words(names).map((name) => [name, kind])),
);
const FIELDS: readonly Field[] = ['value', 'type', 'port', ...CONTEXT_FIELDS];
/** Parameters of a request: as a column nothing would read them, and the list would reach others than was meant. */
const PARAMETERS: ReadonlySet<string> = new Set(['audience', 'atomic', 'dry_run']);
const NAME_LENGTH_MAX = 60;

/** The parameter `columns=`: what each column means, by its name or by its position. */
export interface ColumnChoice {
  readonly byName: ReadonlyMap<string, Field | undefined>;
  readonly inOrder: readonly (Field | undefined)[];
}

/**
 * Reads `value,labels,-,tlp` (in order; `-` is not read) or `IoC:value,Remarks:description` (by name). Throws
 * Problem invalid_request.
 */
export function readColumnChoice(given: readonly string[], path: string): ColumnChoice {
  const byName = new Map<string, Field | undefined>();
  const inOrder: (Field | undefined)[] = [];
  for (const one of given.flatMap((entry) => entry.split(','))) {
    const at = one.lastIndexOf(':');
    if (at < 0) inOrder.push(fieldOf(one.trim(), path));
    else byName.set(folded(one.slice(0, at)), fieldOf(one.slice(at + 1).trim(), path));
  }
  if (byName.size > 0 && inOrder.length > 0) {
    const detail =
      'Name the columns (`header:field`), or list the fields in their order, not both.';
    throw new Problem('invalid_request', detail, { path });
  }
  return { byName, inOrder };
}

function fieldOf(name: string, path: string): Field | undefined {
  if (name === '' || name === '-') return undefined;
  const field = FIELDS.find((one) => one === name);
  if (field !== undefined) return field;
  const detail = `Unknown field: "${shortened(name)}".${didYouMean(name, FIELDS)} Fields: ${FIELDS.join(', ')}, and - for a column to skip.`;
  throw new Problem('invalid_request', detail, { path });
}

/**
 * The columns of a table whose first row is this.
 * @returns undefined for a row that is not a header: it names no column of values
 */
export function columnsOf(header: readonly string[], choice: ColumnChoice): Column[] | undefined {
  if (choice.inOrder.length > 0) return undefined;
  const columns = header.map((name) => columnNamed(name, choice));
  if (!columns.some(({ field }) => field === 'value')) return undefined;
  for (const { name } of columns) refuseParameter(name);
  refuseTwice(columns);
  // A column that says what the values are leaves those of one kind to be what they are called.
  const hasPlain = columns.some(({ field, kind }) => field === 'value' && kind === undefined);
  return hasPlain
    ? columns.map((column) =>
        column.kind === undefined ? column : { name: column.name, field: undefined },
      )
    : columns;
}

/** The columns in the order that was chosen, of a row that may have more. */
export function columnsInOrder(count: number, { inOrder }: ColumnChoice): Column[] {
  const length = Math.max(count, inOrder.length);
  return Array.from({ length }, (_, i) => ({ name: String(i + 1), field: inOrder[i] }));
}

function columnNamed(header: string, { byName }: ColumnChoice): Column {
  const name = shortened(header.trim());
  const key = folded(header);
  if (byName.has(key)) return { name, field: byName.get(key) };
  const field = FIELD_BY_NAME.get(key);
  if (field !== undefined) return { name, field };
  const kind = KIND_BY_NAME.get(key);
  return kind === undefined ? { name, field: undefined } : { name, field: 'value', kind };
}

function refuseParameter(name: string): void {
  const key = folded(name);
  if (!PARAMETERS.has(key)) return;
  throw new Problem(
    'invalid_request',
    `\`${key}\` is a parameter of the request (?${key}=…), not a column. Nothing was stored.`,
    { path: `column ${name}` },
  );
}

/** Two columns of one field would leave it open which of them counts. */
function refuseTwice(columns: readonly Column[]): void {
  const seen = new Map<string, string>();
  for (const { name, field, kind } of columns) {
    if (field === undefined || kind !== undefined) continue;
    const other = seen.get(field);
    seen.set(field, name);
    if (other === undefined) continue;
    const detail = `The columns "${other}" and "${name}" are both read as ${field}. Choose one with \`columns\`: "${name}:-".`;
    throw new Problem('columns_unknown', detail, { path: `column ${name}` });
  }
}

function folded(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

function shortened(text: string): string {
  return text.length > NAME_LENGTH_MAX ? `${text.slice(0, NAME_LENGTH_MAX).toWellFormed()}…` : text;
}
