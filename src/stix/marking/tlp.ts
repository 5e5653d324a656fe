/**
 * Traffic Light Protocol 2.0 (FIRST, 2022) and the ids of its markings: STIX 2.1 section 7.2.1.4
 * (TLP 1), the OASIS extension definition for TLP 2.0, and an id that a widespread tool uses.
 * TLP 1 is read as TLP 2: WHITE is CLEAR.
 */

export type Tlp = 'clear' | 'green' | 'amber' | 'amber+strict' | 'red';

/** From the widest to the narrowest. */
export const TLP_ORDER: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict', 'red'];

/** The extension by which a marking definition states a level of TLP 2.0, in its property `tlp_2_0`. */
export const TLP_2_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';

/** A marking whose id means the same level for everybody. */
export interface FixedMarking {
  readonly tlp: Tlp;
  /** Whose id it is: that of TLP 1, of TLP 2.0, or OpenCTI's own for what TLP 1 lacks. */
  readonly edition: 'tlp1' | 'tlp2' | 'opencti';
}

const FIXED: ReadonlyMap<string, FixedMarking> = new Map(
  (
    [
      ['613f2e26-407d-48c7-9eca-b8e91df99dc9', 'clear', 'tlp1'],
      ['34098fce-860f-48ae-8e50-ebd3cc5e41da', 'green', 'tlp1'],
      ['f88d31f6-486f-44da-b317-01333bde0b82', 'amber', 'tlp1'],
      ['5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'red', 'tlp1'],
      ['94868c89-83c2-464b-929b-a1a8aa3c8487', 'clear', 'tlp2'],
      ['bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'green', 'tlp2'],
      ['55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'amber', 'tlp2'],
      ['939a9414-2ddd-4d32-a0cd-375ea402b003', 'amber+strict', 'tlp2'],
      ['e828b379-4e03-4974-9ac4-e53a884c97c1', 'red', 'tlp2'],
      ['826578e1-40ad-459f-bc73-ede076f81f37', 'amber+strict', 'opencti'],
    ] as const
  ).map(([uuid, tlp, edition]) => [`marking-definition--${uuid}`, { tlp, edition }]),
);

/** The marking definitions of TLP 2.0. */
export const TLP_2_IDS = Object.fromEntries(
  [...FIXED].flatMap(([id, { tlp, edition }]) => (edition === 'tlp2' ? [[tlp, id]] : [])),
) as Readonly<Record<Tlp, string>>;

/** 0 (CLEAR) to 4 (RED). */
export function tlpRank(tlp: Tlp): 0 | 1 | 2 | 3 | 4 {
  return TLP_ORDER.indexOf(tlp) as 0 | 1 | 2 | 3 | 4;
}

/** A rank as documents write it: AMBER+STRICT. */
export function levelName(rank: number): string {
  return (TLP_ORDER[rank] ?? 'red').toUpperCase();
}

/** The stricter of two levels. */
export function strictestOf(one: Tlp, other: Tlp): Tlp {
  return tlpRank(one) < tlpRank(other) ? other : one;
}

/** The marking of that id, in any case of letters, where the id means the same for everybody. */
export function fixedMarking(id: string): FixedMarking | undefined {
  return FIXED.get(id) ?? FIXED.get(id.toLowerCase());
}

/** The level of such an id; undefined for any other marking. */
export function tlpOfMarking(id: string): Tlp | undefined {
  return fixedMarking(id)?.tlp;
}

/** True for an id that means the same level for everybody. */
export function isPredefinedMarking(id: string): boolean {
  return fixedMarking(id) !== undefined;
}
