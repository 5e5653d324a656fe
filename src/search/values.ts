/** Values of a filter that are brought into the form in which objects are found. */
import { z } from 'zod';
import { normalAddress } from '../stix/value/address.ts';
import { asciiName } from '../stix/value/domain.ts';
import { recognise } from '../stix/value/recognise.ts';
import { refang } from '../stix/value/refang.ts';

/** Wider networks hold most of what there is, so that a search by them is none. */
const IPV4_PREFIX_MIN = 8;
const IPV6_PREFIX_MIN = 16;

type Normalise = (text: string) => string | { readonly fault: string };

/** A text in its normal form; or why it has none. */
function normal(max: number, normalise: Normalise) {
  return z
    .string()
    .max(max)
    .transform((text, context) => {
      const found = normalise(text);
      if (typeof found === 'string') return found;
      context.addIssue({ code: 'custom', message: found.fault });
      return z.NEVER;
    });
}

/** An observable: `<kind> <value>`, or as it was given where that is how it is stored. */
export const Value = normal(4096, (text) => {
  const found = recognise(text);
  if (found !== undefined) return text.trim();
  return {
    fault: 'must be an address, domain, URL, hash or other observable; use `text` for words',
  };
});

/** A network in CIDR notation; an address is a network of one. */
export const Network = normal(100, (text) => {
  const found = normalAddress(refang(text.trim()).text);
  if (found === undefined) return { fault: 'must be a network such as 198.51.100.0/24' };
  const prefix = Number(found.value.split('/')[1] ?? Infinity);
  const least = found.value.includes(':') ? IPV6_PREFIX_MIN : IPV4_PREFIX_MIN;
  if (prefix >= least) return found.value;
  return { fault: `must have a prefix of at least /${least}: wider networks hold too much` };
});

/** A domain in its ASCII form. */
export const DomainName = normal(1000, (text) => {
  const found = asciiName(refang(text.trim()).text);
  return found ?? { fault: 'must be a domain such as evil.example' };
});

/** `delivery` of any kill chain, or `lockheed-martin-cyber-kill-chain/delivery`. */
export const KillChainPhase = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => /^[^/]+(?:\/[^/]+)?$/.test(text), {
    error: 'must be a phase, or a kill chain and a phase with a slash between them',
  });

/** The id of a technique, in upper case. */
export const Technique = normal(20, (text) => {
  const id = text.trim().toUpperCase();
  if (/^T\d{4}(?:\.\d{3})?$/.test(id)) return id;
  return { fault: 'must be the id of an ATT&CK technique, such as T1566 or T1566.001' };
});
