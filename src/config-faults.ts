/** What is wrong with the settings, in words that say how to correct it. */
import { didYouMean } from './spelling.ts';

/** The settings cannot be used; the message names each that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export function invalidSettings(faults: readonly string[]): ConfigError {
  return new ConfigError(`Invalid settings:\n  ${faults.join('\n  ')}`);
}

/** Variables of other programs: docs/verify-audit.mjs and docker-compose.yml. */
const OTHERS: ReadonlySet<string> = new Set(['TOCSIN_KEY', 'TOCSIN_LISTEN']);

/** A fault for each name that looks like a setting of Tocsin and is none. */
export function unknownSettings(names: readonly string[], known: readonly string[]): string[] {
  return names
    .filter((name) => /^tocsin_/i.test(name) && !known.includes(name) && !OTHERS.has(name))
    .map((name) => {
      const bare = name.toUpperCase().replace('TOCSIN_', '');
      // One that has no prefix is closest to the name without.
      const advice = didYouMean(known.includes(bare) ? bare : name, known);
      return `Unknown setting: \`${name}\`.${advice || ' Remove it.'}`;
    });
}
