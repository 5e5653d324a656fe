/** Cyber-observable objects of networks and mail: STIX 2.1 sections 6.2, 6.4 to 6.6, 6.8 to 6.12, 6.15. */
import { z } from 'zod';
import { observableObject } from './properties.ts';
import { dictionary, integer, listOf, natural, refTo, timestamp } from './part.ts';
import { must, notBefore, oneOf } from './rule.ts';

const text = z.string().optional();
const texts = listOf(z.string()).optional();

/** 6.2 */
export const autonomousSystem = observableObject('autonomous-system', {
  number: integer,
  name: text,
  rir: text,
});

/** 6.4 */
export const domainName = observableObject('domain-name', {
  value: z.string(),
  resolves_to_refs: listOf(refTo('ipv4-addr', 'ipv6-addr', 'domain-name')).optional(),
});

/** 6.5 */
export const emailAddress = observableObject('email-addr', {
  value: z.string(),
  display_name: text,
  belongs_to_ref: refTo('user-account').optional(),
});

const MAIL = 'STIX 2.1 section 6.6';

/** 6.6.2 */
const mimePart = z
  .looseObject({
    body: text,
    body_raw_ref: refTo('artifact', 'file').optional(),
    content_type: text,
    content_disposition: text,
  })
  .check(oneOf(['body', 'body_raw_ref'], 'STIX 2.1 section 6.6.2'));

/** 6.6 */
export const emailMessage = observableObject('email-message', {
  is_multipart: z.boolean(),
  date: timestamp.optional(),
  content_type: text,
  from_ref: refTo('email-addr').optional(),
  sender_ref: refTo('email-addr').optional(),
  to_refs: listOf(refTo('email-addr')).optional(),
  cc_refs: listOf(refTo('email-addr')).optional(),
  bcc_refs: listOf(refTo('email-addr')).optional(),
  message_id: text,
  subject: text,
  received_lines: texts,
  additional_header_fields: dictionary(z.union([z.string(), listOf(z.string())])).optional(),
  body: text,
  body_multipart: listOf(mimePart).optional(),
  raw_email_ref: refTo('artifact').optional(),
}).check(
  must(
    (mail) => mail.is_multipart !== true || mail.body === undefined,
    { code: 'property_not_allowed', detail: 'body is for is_multipart: false', clause: MAIL },
    'body',
  ),
  must(
    (mail) => mail.is_multipart !== false || mail.body_multipart === undefined,
    {
      code: 'property_not_allowed',
      detail: 'body_multipart is for is_multipart: true',
      clause: MAIL,
    },
    'body_multipart',
  ),
);

const address = {
  value: z.string(),
  resolves_to_refs: listOf(refTo('mac-addr')).optional(),
  belongs_to_refs: listOf(refTo('autonomous-system')).optional(),
};

/** 6.8 */
export const ipv4Address = observableObject('ipv4-addr', address);

/** 6.9 */
export const ipv6Address = observableObject('ipv6-addr', address);

/** 6.10 */
export const macAddress = observableObject('mac-addr', { value: z.string() });

/** 6.15 */
export const url = observableObject('url', { value: z.string() });

const TRAFFIC = 'STIX 2.1 section 6.12';
const port = z.int().min(0).max(65535).optional();
const endpoint = refTo('ipv4-addr', 'ipv6-addr', 'mac-addr', 'domain-name').optional();

/** 6.12 */
export const networkTraffic = observableObject('network-traffic', {
  start: timestamp.optional(),
  end: timestamp.optional(),
  is_active: z.boolean().optional(),
  src_ref: endpoint,
  dst_ref: endpoint,
  src_port: port,
  dst_port: port,
  protocols: listOf(z.string()),
  src_byte_count: natural.optional(),
  dst_byte_count: natural.optional(),
  src_packets: natural.optional(),
  dst_packets: natural.optional(),
  ipfix: dictionary(z.union([z.int(), z.string()])).optional(),
  src_payload_ref: refTo('artifact').optional(),
  dst_payload_ref: refTo('artifact').optional(),
  encapsulates_refs: listOf(refTo('network-traffic')).optional(),
  encapsulated_by_ref: refTo('network-traffic').optional(),
}).check(
  notBefore('end', 'start', TRAFFIC),
  oneOf(['src_ref', 'dst_ref'], TRAFFIC),
  must(
    (traffic) => traffic.is_active !== true || traffic.end === undefined,
    { code: 'property_not_allowed', detail: 'end is for is_active: false', clause: TRAFFIC },
    'end',
  ),
);
