/** Undoing what people do to values so that nobody opens them by mistake. */
import { uncover, type Doubt } from './doubt.ts';

const SCHEME = /^[a-z]{2,8}(?:\[?:\]?|\[:\/\/\]|\(:\/\/\)):?[/\\]{0,2}/i;
/** Pairs that stand around a value in mails and lists. */
const AROUND: readonly (readonly [string, string])[] = [
  ['<', '>'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
];

/**
 * The value without quotes, white space and invisible characters around it, and with its dots, colons
 * and schemes as they were: `hxxps://evil[.]example`, `192.0.2[.]1`, `evil\.example`, `a[@]example.com`.
 */
export function refang(text: string): { text: string; doubts: Doubt[] } {
  const inside = unquoted(text.trim());
  const isUrl = SCHEME.test(inside);
  const { text: shown, doubts } = uncover(inside, isUrl ? 'url' : 'address');
  // A path of Windows has backslashes of its own, and so has a key of its registry.
  if (!shown.includes('\\.') || /^[a-z]:|\\(?!\.)/i.test(shown)) return { text: shown, doubts };
  const [authority = '', ...rest] = isUrl ? shown.split(/(?=[?#])/) : [shown];
  const code = 'defanged_value';
  if (!doubts.some((doubt) => doubt.code === code)) {
    doubts.push({ code, detail: 'is defanged; consumers will not match it' });
  }
  return { text: [authority.replaceAll('\\.', '.'), ...rest].join(''), doubts };
}

function unquoted(text: string): string {
  const pair = AROUND.find(([open, close]) => text.startsWith(open) && text.endsWith(close));
  return pair === undefined || text.length < 2 ? text : text.slice(1, -1).trim();
}
