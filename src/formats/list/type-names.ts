/** What lists call the types of their values: by STIX, MISP, OTX and by hand. */

const NAMES: Readonly<Record<string, string>> = {
  'ip ip-addr ip-address ip-src ip-dst ip-dst|port ip-src|port ip:port ipaddress': 'address',
  'ipv4 ipv4-addr ipv4-address ipv4-cidr': 'ipv4-addr',
  'ipv6 ipv6-addr ipv6-address ipv6-cidr': 'ipv6-addr',
  'cidr network netblock subnet': 'address',
  'domain domain-name hostname host fqdn hostname|port': 'domain-name',
  'url uri link': 'url',
  'email email-addr email-address email-src email-dst e-mail': 'email-addr',
  'md5 filehash-md5 hash-md5 md5-hash': 'hash:MD5',
  'sha1 sha-1 filehash-sha1 hash-sha1 sha1-hash': 'hash:SHA-1',
  'sha224 sha-224': 'hash:SHA-224',
  'sha256 sha-256 filehash-sha256 hash-sha256 sha256-hash': 'hash:SHA-256',
  'sha384 sha-384': 'hash:SHA-384',
  'sha512 sha-512 filehash-sha512': 'hash:SHA-512',
  'hash filehash file-hash': 'hash',
  ssdeep: 'hash:SSDEEP',
  tlsh: 'hash:TLSH',
  'imphash pehash-imphash': 'imphash',
  'filename file-name file': 'file-name',
  'filepath file-path path': 'file-path',
  'regkey registry-key registry windows-registry-key': 'windows-registry-key',
  mutex: 'mutex',
  'asn as autonomous-system': 'autonomous-system',
  'mac mac-address mac-addr': 'mac-addr',
  'ja3 ja3-fingerprint-md5 ja3-hash': 'ja3',
  'ja3s ja3s-fingerprint-md5': 'ja3s',
  'jarm jarm-fingerprint': 'jarm',
  'user-agent useragent': 'user-agent',
  'email-subject subject': 'email-subject',
  'process process-name': 'process-name',
  'cve vulnerability': 'vulnerability',
};
const KIND_BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([names, kind]) => names.split(' ').map((name) => [name, kind])),
);

/** The kind of a value of a type that a list names; undefined for a type that is not known. */
export function kindOfTypeName(name: string): string | undefined {
  return KIND_BY_NAME.get(
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_]+/g, '-'),
  );
}
