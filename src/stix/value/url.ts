/** URLs (STIX 2.1 section 6.15, RFC 3986, as WHATWG reads them) and mail addresses (6.5, RFC 5322). */
import type { NormalValue } from './doubt.ts';
import { uncover } from './doubt.ts';
import { asciiName } from './domain.ts';

/**
 * A scheme with `//`, or one without (`data:`, `mailto:`), which cannot be distinguished from a host except
 * by what follows the colon: a port is digits only. `tel:` and `sms:` are followed by digits too.
 */
const SCHEME =
  /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|(?:tel|sms):|[A-Za-z][A-Za-z0-9+-]+:(?![0-9]*(?:[/?#]|$)))/i;
const LOCAL_PART = /^[^\s@"<>()[\]\\,;:]{1,64}$/;

/**
 * The URL as the WHATWG standard writes it: scheme and host in lower case, IDNA, default port left
 * out, dots resolved. One without a scheme, or that cannot be read, is kept and told.
 */
export function normalUrl(text: string): NormalValue {
  const { text: shown, doubts } = uncover(text, 'url');
  if (!SCHEME.test(shown)) {
    doubts.push({ code: 'url_without_scheme', detail: 'has no scheme such as https://' });
    return { kind: 'url', value: shown, doubts };
  }
  const parsed = URL.parse(shown);
  if (parsed) return { kind: 'url', value: parsed.href, doubts };
  doubts.push({ code: 'not_a_url', detail: 'cannot be read as a URL' });
  return { kind: 'url', value: shown, doubts };
}

/** The mail address in lower case, its domain as `normalDomain` has it. */
export function normalEmail(text: string): NormalValue {
  const { text: shown, doubts } = uncover(text, 'address');
  const at = shown.lastIndexOf('@');
  const domain = asciiName(shown.slice(at + 1));
  const local = shown.slice(0, Math.max(at, 0));
  if (domain === undefined || !LOCAL_PART.test(local)) {
    doubts.push({ code: 'not_an_email_address', detail: 'is not a mail address' });
    return { kind: 'email-addr', value: shown.toLowerCase(), doubts };
  }
  return { kind: 'email-addr', value: `${local.toLowerCase()}@${domain}`, doubts };
}
