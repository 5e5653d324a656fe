import { serveObject, type ServedForm, type StoredObject } from '../../../sharing/served.ts';

/** Objects are stored as JSON, so they are put together, not parsed and written again. One step for each. */
export function* rendered(
  rows: readonly StoredObject[],
  form: ServedForm,
  { head, tail }: { readonly head: object; readonly tail: object },
): Generator<undefined, string> {
  const objects: string[] = [];
  const contexts: string[] = [];
  for (const row of rows) {
    const { object, context } = serveObject(row, form);
    objects.push(object);
    contexts.push(context);
    yield undefined;
  }
  const start = JSON.stringify({ ...head, objects: [] }).slice(0, -2);
  return `${start}${objects.join(',')}],"context":[${contexts.join(',')}],${JSON.stringify(tail).slice(1)}`;
}
