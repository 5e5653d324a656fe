/**
 * Traffic Light Protocol 2.0 (FIRST, 2022) and its predefined markings: STIX 2.1 section 7.2.1.4
 * (TLP 1) and the OASIS extension definition for TLP 2.0. TLP 1 is read as TLP 2: WHITE is CLEAR.
 */

export type Tlp = 'clear' | 'green' | 'amber' | 'amber+strict' | 'red';

/** From the widest to the narrowest. */
export const TLP_ORDER: readonly Tlp[] = ['clear', 'green', 'amber', 'amber+strict', 'red'];

const PREDEFINED: ReadonlyMap<string, Tlp> = new Map([
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', 'clear'],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', 'green'],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'amber'],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'red'],
  ['marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487', 'clear'],
  ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'green'],
  ['marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'amber'],
  ['marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003', 'amber+strict'],
  ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1', 'red'],
]);

/** 0 (CLEAR) to 4 (RED). */
export function tlpRank(tlp: Tlp): 0 | 1 | 2 | 3 | 4 {
  return TLP_ORDER.indexOf(tlp) as 0 | 1 | 2 | 3 | 4;
}

/** The level of a predefined marking id, in any case of letters; undefined for any other marking. */
export function tlpOfMarking(id: string): Tlp | undefined {
  return PREDEFINED.get(id) ?? PREDEFINED.get(id.toLowerCase());
}

/** True for the ids that the specifications of TLP 1 and TLP 2.0 fix. */
export function isPredefinedMarking(id: string): boolean {
  return tlpOfMarking(id) !== undefined;
}

/**
 * Why a marking definition may not stand: it gives a predefined id another meaning, or makes a TLP
 * level of its own (section 7.2.1.4). A faithful copy of a predefined marking is no fault.
 */
export function predefinedFault(definition: { readonly id: string }): string | undefined {
  const fixed = tlpOfMarking(definition.id);
  const stated = tlpStatedBy(definition);
  if (fixed !== undefined) {
    return fixed === stated ? undefined : `this id is TLP:${fixed.toUpperCase()} for everybody`;
  }
  return stated && `use the predefined marking for TLP:${stated.toUpperCase()}`;
}

/**
 * The strictest predefined level that marks the object or any part of it (`object_marking_refs`,
 * `granular_markings`: section 7.2.3); undefined when it bears none. `stated` gives the levels of
 * markings that the sender made for himself: they may not stand, but what he meant by them counts.
 */
export function strictestTlp(
  object: object,
  stated: ReadonlyMap<string, Tlp> = new Map(),
): Tlp | undefined {
  let strictest: Tlp | undefined;
  for (const ref of markingRefs(object)) {
    const tlp = tlpOfMarking(ref) ?? stated.get(ref);
    if (tlp && (!strictest || tlpRank(tlp) > tlpRank(strictest))) strictest = tlp;
  }
  return strictest;
}

function markingRefs(object: object): string[] {
  const refs: unknown[] = [];
  if ('object_marking_refs' in object && Array.isArray(object.object_marking_refs)) {
    refs.push(...(object.object_marking_refs as unknown[]));
  }
  if ('granular_markings' in object && Array.isArray(object.granular_markings)) {
    for (const granular of object.granular_markings as unknown[]) {
      if (typeof granular === 'object' && granular && 'marking_ref' in granular) {
        refs.push(granular.marking_ref);
      }
    }
  }
  return refs.filter((ref) => typeof ref === 'string');
}

/**
 * The level that a marking definition states by itself, whatever its id: `definition.tlp` of TLP 1,
 * or the property `tlp_2_0` of the OASIS extension. Undefined when it states none or an unknown one.
 */
export function tlpStatedBy(definition: object): Tlp | undefined {
  const { definition: first, extensions } = definition as {
    definition?: { tlp?: unknown } | null;
    extensions?: Record<string, { tlp_2_0?: unknown } | null> | null;
  };
  const stated = first?.tlp ?? extensions?.[TLP_2_EXTENSION]?.tlp_2_0;
  if (typeof stated !== 'string') return undefined;
  const level = stated.toLowerCase();
  return level === 'white' ? 'clear' : TLP_ORDER.find((tlp) => tlp === level);
}

const TLP_2_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';
