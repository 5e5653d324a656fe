/** Domain names of which a pattern means every sub-domain: STIX 2.1 section 9.6.1, `LIKE`. */
import { isPlainName } from './domain.ts';

/** The kind of a name whose sub-domains a pattern looks for, and not necessarily the name itself. */
export const SUBDOMAINS_KIND = 'subdomains';

/**
 * The name below which `LIKE` finds every one: `example.com` of `%.example.com` and of `%example.com`.
 * Undefined for other forms, and for names with an underscore, which stands for any character there.
 */
export function suffixOfLike(text: string): string | undefined {
  if (!text.startsWith('%')) return undefined;
  const name = text.slice(text.startsWith('%.') ? 2 : 1).toLowerCase();
  return isPlainName(name) && !name.includes('_') ? name : undefined;
}
