/** Timestamps: STIX 2.1 section 2.16, RFC 3339 in UTC with `Z`. Their texts are never rewritten. */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const SECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length;

/**
 * A form of the timestamp that sorts as time does: `YYYY-MM-DDTHH:MM:SS.ffffffZ`, digits after the
 * microsecond cut off. Years 0001 to 9999. A leap second counts as the last microsecond of its minute.
 * @returns undefined when the text is not a STIX timestamp or not a day of the calendar.
 */
export function comparableTimestamp(text: string): string | undefined {
  if (!isTimestamp(text)) return undefined;
  if (text.startsWith('60', 17)) return `${text.slice(0, 17)}59.999999Z`;
  const fraction = text.slice(SECONDS_LENGTH + 1, SECONDS_LENGTH + 7).replace('Z', '');
  return `${text.slice(0, SECONDS_LENGTH)}.${fraction.padEnd(6, '0')}Z`;
}

/**
 * How much later `later` is, in microseconds; exact for times that are less than some years apart.
 * @returns NaN when either is not a timestamp
 */
export function microsecondsBetween(earlier: string, later: string): number {
  const [from = '', to = ''] = [comparableTimestamp(earlier), comparableTimestamp(later)];
  const milliseconds = Date.parse(millisecondsOf(to)) - Date.parse(millisecondsOf(from));
  return milliseconds * 1000 + Number(to.slice(23, 26)) - Number(from.slice(23, 26));
}

/** `YYYY-MM-DDTHH:MM:SS.fff` of a comparable timestamp, as a time in UTC. */
function millisecondsOf(comparable: string): string {
  return `${comparable.slice(0, 23)}Z`;
}

/** True for a STIX timestamp that names a day of the calendar. It runs several times an object. */
export function isTimestamp(text: string): boolean {
  return hasSeparators(text) && isDay(text) && isTimeOfDay(text) && endsWell(text);
}

function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58
  );
}

/** The number that two digits spell; NaN for anything else, which no comparison passes. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function isDay(text: string): boolean {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0));
}

function isTimeOfDay(text: string): boolean {
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (second === 60) return hour === 23 && minute === 59;
  return hour <= 23 && minute <= 59 && second <= 59;
}

/** `Z`, or a point, one digit or more, and `Z`. */
function endsWell(text: string): boolean {
  const last = text.length - 1;
  if (text.charCodeAt(last) !== 90) return false;
  if (last === SECONDS_LENGTH) return true;
  if (text.charCodeAt(SECONDS_LENGTH) !== 46 || last < SECONDS_LENGTH + 2) return false;
  for (let at = SECONDS_LENGTH + 1; at < last; at += 1) {
    const char = text.charCodeAt(at);
    if (char < 48 || char > 57) return false;
  }
  return true;
}
