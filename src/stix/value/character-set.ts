/** Names of character sets: the IANA registry, which STIX 2.1 sections 6.3 and 6.7 refer to. */

/** How the registered names begin that no browser knows; a digit or sign follows, or nothing. */
const FAMILIES =
  `adobe amiga ansi arabic asmo big5 bocu brf bs cesu cp csa csn cwi dec din dk ds ebcdic
  ecma es euc extended_unix_code gb gost greek hp hz ibm iec inis invariant iso it jis jus koi ks ksc kz
  latin microsoft mnem mnemonic msz nats nc nf ns osd pt ptcp scsu sen t tis tscii unicode unknown us utf
  ventura videotex viqr viscii windows`.split(/\s+/);
const REGISTERED = new RegExp(`^(?:${FAMILIES.join('|')})(?:[-_.:0-9][-_.:()a-z0-9]{0,60})?$`, 'i');

/** True for what looks like a registered name, and for the usual aliases (`utf8`, `latin1`). */
export function isCharacterSet(name: string): boolean {
  return REGISTERED.test(name) || (name.trim() === name && isKnownToBrowsers(name));
}

/** The WHATWG Encoding Standard has the names and aliases that are in use. */
function isKnownToBrowsers(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
