/** Cyber-observable objects of hosts: STIX 2.1 sections 6.1, 6.3, 6.7, 6.11, 6.13, 6.14, 6.16 to 6.18. */
import { z } from 'zod';
import { ENUMERATIONS } from '../vocabulary.ts';
import { observableObject } from './properties.ts';
import {
  binary,
  characterSet,
  dictionary,
  hashes,
  hexadecimal,
  identifier,
  integer,
  language,
  listOf,
  natural,
  refTo,
  timestamp,
} from './part.ts';
import { breach, must, needs, notBoth, oneOf } from './rule.ts';

const text = z.string().optional();
const flag = z.boolean().optional();
const time = timestamp.optional();
const files = listOf(refTo('file', 'directory')).optional();

const ARTIFACT = 'STIX 2.1 section 6.1';

/** 6.1 */
export const artifact = observableObject('artifact', {
  mime_type: text,
  payload_bin: binary.optional(),
  url: text,
  hashes: hashes.optional(),
  encryption_algorithm: z.enum(ENUMERATIONS.encryptionAlgorithm).optional(),
  decryption_key: text,
}).check(
  oneOf(['payload_bin', 'url'], ARTIFACT),
  notBoth('payload_bin', 'url', ARTIFACT),
  needs('url', 'hashes', ARTIFACT),
  needs('decryption_key', 'encryption_algorithm', ARTIFACT),
);

/** 6.3 */
export const directory = observableObject('directory', {
  path: z.string(),
  path_enc: characterSet.optional(),
  ctime: time,
  mtime: time,
  atime: time,
  contains_refs: files,
});

/** 6.7 */
export const file = observableObject('file', {
  hashes: hashes.optional(),
  size: natural.optional(),
  name: text,
  name_enc: characterSet.optional(),
  magic_number_hex: hexadecimal.optional(),
  mime_type: text,
  ctime: time,
  mtime: time,
  atime: time,
  parent_directory_ref: refTo('directory').optional(),
  contains_refs: listOf(identifier).optional(),
  content_ref: refTo('artifact').optional(),
}).check(
  oneOf(['hashes', 'name'], 'STIX 2.1 section 6.7'),
  needs('name_enc', 'name', 'STIX 2.1 section 3.1'),
);

/** 6.11 */
export const mutex = observableObject('mutex', { name: z.string() });

/** 6.13 */
export const process = observableObject('process', {
  is_hidden: flag,
  pid: integer.optional(),
  created_time: time,
  cwd: text,
  command_line: text,
  environment_variables: dictionary(z.string()).optional(),
  opened_connection_refs: listOf(refTo('network-traffic')).optional(),
  creator_user_ref: refTo('user-account').optional(),
  image_ref: refTo('file').optional(),
  parent_ref: refTo('process').optional(),
  child_refs: listOf(refTo('process')).optional(),
}).check(somethingOwn('STIX 2.1 section 6.13'));

/** 6.14 */
export const software = observableObject('software', {
  name: z.string(),
  cpe: z
    .string()
    .check((given) => {
      if (given.value.startsWith('cpe:2.3:') && given.value.split(':').length >= 13) return;
      const detail = 'expected a CPE 2.3 formatted string';
      breach(given, { code: 'invalid_cpe', detail, clause: 'STIX 2.1 section 6.14' });
    })
    .optional(),
  swid: text,
  languages: listOf(language).optional(),
  vendor: text,
  version: text,
});

/** 6.16 */
export const userAccount = observableObject('user-account', {
  user_id: text,
  credential: text,
  account_login: text,
  account_type: text,
  display_name: text,
  is_service_account: flag,
  is_privileged: flag,
  can_escalate_privs: flag,
  is_disabled: flag,
  account_created: time,
  account_expires: time,
  credential_last_changed: time,
  account_first_login: time,
  account_last_login: time,
}).check(somethingOwn('STIX 2.1 section 6.16'));

/** 6.17.2: a value with nothing but its absence says nothing. */
const registryValue = z
  .looseObject({
    name: text,
    data: text,
    data_type: z.enum(ENUMERATIONS.windowsRegistryDatatype).optional(),
  })
  .check(oneOf(['name', 'data', 'data_type'], 'STIX 2.1 section 6.17.2'));

/** 6.17 */
export const windowsRegistryKey = observableObject('windows-registry-key', {
  key: text,
  values: listOf(registryValue).optional(),
  modified_time: time,
  creator_user_ref: refTo('user-account').optional(),
  number_of_subkeys: integer.optional(),
}).check(somethingOwn('STIX 2.1 section 6.17'));

/** 6.18.2 */
const x509Extensions = z.looseObject({
  basic_constraints: text,
  name_constraints: text,
  policy_constraints: text,
  key_usage: text,
  extended_key_usage: text,
  subject_key_identifier: text,
  authority_key_identifier: text,
  subject_alternative_name: text,
  issuer_alternative_name: text,
  subject_directory_attributes: text,
  crl_distribution_points: text,
  inhibit_any_policy: text,
  private_key_usage_period_not_before: time,
  private_key_usage_period_not_after: time,
  certificate_policies: text,
  policy_mappings: text,
});

/** 6.18 */
export const x509Certificate = observableObject('x509-certificate', {
  is_self_signed: flag,
  hashes: hashes.optional(),
  version: text,
  serial_number: text,
  signature_algorithm: text,
  issuer: text,
  validity_not_before: time,
  validity_not_after: time,
  subject: text,
  subject_public_key_algorithm: text,
  subject_public_key_modulus: text,
  subject_public_key_exponent: integer.optional(),
  x509_v3_extensions: x509Extensions.optional(),
}).check(somethingOwn('STIX 2.1 section 6.18'));

/** At least one property that is not common to all objects, or an extension. */
function somethingOwn(clause: string) {
  const common = new Set([
    'type',
    'id',
    'spec_version',
    'object_marking_refs',
    'granular_markings',
  ]);
  common.add('defanged');
  return must((object) => Object.keys(object).some((name) => !common.has(name)), {
    code: 'missing_property',
    detail: 'expected at least one property beside the common ones',
    clause,
  });
}
