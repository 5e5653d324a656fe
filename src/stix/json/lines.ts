/** JSON with one object a line, where a file or a content type does not say that it is that. */

const MARK = '\ufeff';
/** A longer first line is an object that no door takes. */
const LINE_MAX = 6 * 1024 * 1024;

/** Whether the first line is an object by itself, and more follow. */
export function holdsLines(text: string): boolean {
  const body = (text.startsWith(MARK) ? text.slice(1) : text).trimStart();
  const end = body.indexOf('\n');
  if (end < 0 || end > LINE_MAX || body.slice(end).trim() === '') return false;
  const first = body.slice(0, end).trimEnd();
  if (!first.startsWith('{') || !first.endsWith('}')) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}
