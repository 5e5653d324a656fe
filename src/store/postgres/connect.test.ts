import { describe, expect, it } from 'vitest';
import { refuseOldServer } from './connect.ts';

describe('the version of the server', () => {
  it.each([160_000, 160_004, 170_002, 180_004])('%i will do', (version) => {
    expect(() => refuseOldServer(version)).not.toThrow();
  });

  it.each([90_624, 150_018, Number.NaN])('%i is refused', (version) => {
    expect(() => refuseOldServer(version)).toThrowError(
      expect.objectContaining({ code: 'postgres_too_old' }),
    );
  });
});
