/** Kinds of values that settings have. */
import { z } from 'zod';

const cidr = z.union([z.cidrv4(), z.cidrv6()]);

/** CIDRs, separated by commas. */
export const ranges = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((range) => range.trim())
      .filter((range) => range !== ''),
  )
  .superRefine((given, context) => {
    for (const range of given) {
      if (cidr.safeParse(range).success) continue;
      const message = `must be ranges of addresses such as 192.0.2.0/24, not ${JSON.stringify(range)}`;
      context.addIssue({ code: 'custom', message });
    }
  });

/** A whole number. */
export const atLeast = (min: number, byDefault: number) =>
  z.coerce.number().int().min(min).default(byDefault);
