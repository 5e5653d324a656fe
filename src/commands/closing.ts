/** Something that was started and is to be closed. */
export interface Part {
  close(): Promise<unknown>;
}

/**
 * Closes the parts of each step side by side, and one step after the other, whatever became of those
 * before it: what cannot be closed must not keep the database from being stopped.
 * @throws AggregateError of all that went wrong
 */
export async function closeAll(...steps: readonly (readonly Part[])[]): Promise<void> {
  const errors: unknown[] = [];
  for (const parts of steps) {
    const ends = await Promise.allSettled(parts.map(async (part) => part.close()));
    for (const end of ends) if (end.status === 'rejected') errors.push(end.reason);
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} could not be closed`);
}
