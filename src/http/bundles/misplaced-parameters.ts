/** Parameters of the address that a client put into the body, where nothing would read them. */
import { Problem } from '../../errors.ts';

const PARAMETERS = ['audience', 'atomic', 'dry_run'] as const;

/**
 * Refuses a bundle or an object that has one of them as a member: to ignore an audience would share with the
 * default community what was meant for somebody else. Throws Problem invalid_request.
 */
export function refuseMisplacedParameters(body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
  const name = PARAMETERS.find((one) => Object.hasOwn(body, one));
  if (name === undefined) return;
  throw new Problem(
    'invalid_request',
    `\`${name}\` is a parameter of the address (?${name}=…), not a member of the body. Nothing was stored`,
    { path: `$.${name}` },
  );
}
