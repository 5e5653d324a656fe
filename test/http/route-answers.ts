/** What the routes answer a call for something that does not exist. */

/** The status of a call for something that does not exist, by a caller who may make it. */
export function answersOf(route: string): readonly number[] {
  // Without a proof of the caller.
  if (/me\/(second-factor|identity\/remove)$/.test(route)) return [401];
  // Every member has a default.
  if (route.endsWith('/audiences/preview')) return [200];
  if (!route.startsWith('get')) return [400, 404, 415];
  // There is always an answer about a value, whatever it is.
  if (route.endsWith('/lookup/{value}')) return [200];
  if (route.includes('{')) return [400, 404];
  return /stream|proof|audit\/part/.test(route) ? [400] : [200];
}
