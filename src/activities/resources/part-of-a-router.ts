/**
 * What gateway and interface have in common: no description, so no mark. They are ours when their router is (and the interface's subnet), and are found by it.
 */
export const PART_OF_A_ROUTER = { restorable: [], inventory: async () => [], isReferenced: async () => false } as const;
