/** `1 row`, `2 rows`: a number and what it counts, for texts. */
export function quantity(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
