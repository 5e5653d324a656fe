/** Timestamps: STIX 2.1 section 2.16, RFC 3339 in UTC with `Z`. Their texts are never rewritten. */

const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * A form of the timestamp that sorts as time does: `YYYY-MM-DDTHH:MM:SS.ffffffZ`, digits after the
 * microsecond cut off. Years 0001 to 9999. A leap second counts as the last microsecond of its minute.
 * @returns undefined when the text is no STIX timestamp or no day of the calendar.
 */
export function comparableTimestamp(text: string): string | undefined {
  const parts = FORM.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59) return undefined;
  if (Number(second) > 59) {
    if (second !== '60' || hour !== '23' || minute !== '59') return undefined;
    return `${text.slice(0, 17)}59.999999Z`;
  }
  return `${text.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
  return day <= days;
}
