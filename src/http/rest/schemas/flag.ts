import { z } from 'zod';

/** A query parameter that is on or off; named without a value, it is on. */
export const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .default('false')
  .transform((text) => text === 'true' || text === '1' || text === '');
