/** Domain names: STIX 2.1 section 6.4, RFC 1034, IDNA (RFC 5890, UTS 46). */
import { domainToASCII } from 'node:url';
import { normalAddress } from './address.ts';
import type { Doubt, NormalValue } from './doubt.ts';
import { NO_DOUBTS, uncover } from './doubt.ts';

const KIND = 'domain-name';
const NAME_LENGTH_MAX = 253;
const LOWER_CASE_NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+$/;
const ONLY_DIGITS = /^[0-9]+$/;
const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
/** Endings of files that are not top-level domains, so that such a "domain" is a file name. */
const FILE_ENDINGS: ReadonlySet<string> = new Set(
  `xml exe dll txt doc docx xls xlsx ppt pptx pdf htm html php asp aspx jsp jpg jpeg png gif js bat
  ps1 vbs lnk dat tmp jar sys scr iso rar 7z json ini log docm xlsm xltm xll pptm rtf hta msi
  cmd wsf vbe jse cpl ocx drv efi elf apk dmg pkg deb rpm img vhd vhdx tgz bz2 xz csv eml msg chm svg
  bmp psm1 psd1 bin jnlp iqy slk torrent cfg bak`.split(/\s+/),
);

/**
 * The name in lower case, in ASCII (A-labels), without the dot at the end. A name that is none is
 * kept in lower case and told; an address in its place becomes one.
 */
export function normalDomain(text: string): NormalValue {
  const quick = text.length <= NAME_LENGTH_MAX && LOWER_CASE_NAME.test(text);
  if (quick && !isDoubtful(text)) return { kind: KIND, value: text, doubts: NO_DOUBTS };
  const shown = uncover(text, 'address');
  const address = normalAddress(shown.text);
  if (address) {
    const doubt: Doubt = { code: 'address_as_domain', detail: 'is an address, not a name' };
    return { ...address, doubts: [...shown.doubts, doubt, ...address.doubts] };
  }
  return named(shown.text, shown.doubts);
}

/** True for a name of two labels or more as `normalDomain` writes it, A-labels included. */
export function isPlainName(name: string): boolean {
  return (
    name.length <= NAME_LENGTH_MAX &&
    LOWER_CASE_NAME.test(name) &&
    !ONLY_DIGITS.test(endingOf(name))
  );
}

/** A name in the ASCII form, or undefined where there is none. */
export function asciiName(text: string): string | undefined {
  const dotless = text.endsWith('.') ? text.slice(0, -1) : text;
  // Longer texts than any name may be are not worth the trouble of mapping, which drops white space.
  if (dotless.length > NAME_LENGTH_MAX * 4 || /\s/.test(dotless)) return undefined;
  const lower = dotless.toLowerCase();
  const needsMapping = lower.includes('xn--') || /[^!-~]/.test(lower);
  const ascii = needsMapping ? domainToASCII(lower) : lower;
  return ascii.length <= NAME_LENGTH_MAX && NAME.test(ascii) ? ascii : undefined;
}

function named(text: string, doubts: Doubt[]): NormalValue {
  const name = asciiName(text);
  if (name === undefined) {
    doubts.push({ code: 'not_a_domain_name', detail: 'is not a domain name' });
    return { kind: KIND, value: text.toLowerCase(), doubts };
  }
  if (!name.includes('.')) {
    doubts.push({ code: 'no_top_level_domain', detail: 'is a name without a top-level domain' });
  } else if (isFileEnding(endingOf(name))) {
    doubts.push({ code: 'file_name_as_domain', detail: 'looks like the name of a file' });
  } else if (ONLY_DIGITS.test(endingOf(name))) {
    doubts.push({ code: 'not_a_domain_name', detail: 'has a number as its top-level domain' });
  }
  return { kind: KIND, value: name, doubts };
}

/** True for endings such as `exe`: of files, and no top-level domains. */
export function isFileEnding(ending: string): boolean {
  return FILE_ENDINGS.has(ending);
}

/** True where a name of the plain form still needs a closer look. */
function isDoubtful(name: string): boolean {
  const ending = endingOf(name);
  return FILE_ENDINGS.has(ending) || ONLY_DIGITS.test(ending) || name.includes('xn--');
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
