/** The actions of `factors`. */
export const factorsSignatures = {} as const
