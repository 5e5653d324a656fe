/** Undoing what people do to values so that nobody opens them by mistake. */
import { uncover, withoutInvisible, type Doubt } from './doubt.ts';

const SCHEME = /^[a-z]{2,8}(?:\[?:\]?|\[:\/\/\]|\(:\/\/\)):?[/\\]{0,2}/i;
/** Pairs that stand around a value in mails and lists. */
const AROUND: readonly (readonly [string, string])[] = [
  ['<', '>'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['«', '»'],
  ['“', '”'],
  ['‘', '’'],
];
/** Ways of defanging that nothing but a person reads: in objects they stay as they are written. */
const BY_HAND: readonly (readonly [RegExp, string])[] = [
  [/^(?:hxx|hxt|htx|hxxx|h\*\*|h__)p(?=s?(?:[:[({]|$))/i, 'http'],
  [/^(https?|ftp)[[({](s)[\])}]/i, '$1$2'],
  [/^([a-z]{2,8})[[({]:\/[\])}]\//i, '$1://'],
  [/[[({]\/[\])}]/g, '/'],
  // In brackets before a port it is an address.
  [/(?<=[0-9a-f])[[({]::[\])}]|[[({]::[\])}](?=[0-9a-f])|^[[({]::[\])}]$/gi, '::'],
  [/ {0,4}[[({] {0,4}(?:\.|dot) {0,4}[\])}] {0,4}/gi, '.'],
  [/[\u3002\uff0e\uff61]/g, '.'],
];
/** Brackets that close and were never opened. */
const HALF_CLOSED = /\.\]/g;
const BY_HAND_AT_ALL =
  /^h[x*_t]|[[({](?:s|:\/|\/|::)[\])}]| [[({]|[\])}] |\.\]|[\u3002\uff0e\uff61]/i;

/**
 * The value without quotes, white space and invisible characters around it, and with its dots, colons
 * and schemes as they were: `hxxps://evil[.]example`, `192.0.2[.]1`, `evil\.example`, `a[@]example.com`.
 */
export function refang(text: string): { text: string; doubts: Doubt[] } {
  const visible = withoutInvisible(text);
  const given = unquoted(visible.text.trim());
  const inside = undoneByHand(given);
  const isUrl = SCHEME.test(inside);
  const uncovered = uncover(inside, isUrl ? 'url' : 'address');
  const shown = uncovered.text;
  const doubts = [...visible.doubts, ...uncovered.doubts];
  const defanged = (): void => {
    if (doubts.some(({ code }) => code === 'defanged_value')) return;
    doubts.push({ code: 'defanged_value', detail: 'is defanged; consumers will not match it' });
  };
  if (inside !== given) defanged();
  // A path of Windows has backslashes of its own, and so has a key of its registry.
  if (!shown.includes('\\.') || /^[a-z]:|\\(?!\.)/i.test(shown)) return { text: shown, doubts };
  const [authority = '', ...rest] = isUrl ? shown.split(/(?=[?#])/) : [shown];
  defanged();
  return { text: [authority.replaceAll('\\.', '.'), ...rest].join(''), doubts };
}

/** What stands in a query may be meant. */
function undoneByHand(text: string): string {
  if (!BY_HAND_AT_ALL.test(text)) return text;
  const end = text.search(/[?#]/);
  const query = end < 0 ? '' : text.slice(end);
  let start = end < 0 ? text : text.slice(0, end);
  for (const [way, plain] of BY_HAND) start = start.replace(way, plain);
  if (!start.includes('[')) start = start.replace(HALF_CLOSED, '.');
  return start + query;
}

function unquoted(text: string): string {
  const pair = AROUND.find(([open, close]) => text.startsWith(open) && text.endsWith(close));
  return pair === undefined || text.length < 2 ? text : text.slice(1, -1).trim();
}
