/** E-mail addresses, internationalised ones included (RFC 6531). */
import { domainToASCII } from 'node:url';

/** Neither white space, controls and invisible characters, nor what only a quoted local part may hold. */
const LOCAL = /^(?!\.)(?!.*\.\.)[^\s\p{C}\p{Z}"(),:;<>@[\\\]]{1,64}(?<!\.)$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
const BYTES_MAX = 254;

/** Whether mail can be sent to this, as far as its form says. */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 0 || Buffer.byteLength(text) > BYTES_MAX) return false;
  return LOCAL.test(text.slice(0, at)) && DOMAIN.test(domainToASCII(text.slice(at + 1)));
}
