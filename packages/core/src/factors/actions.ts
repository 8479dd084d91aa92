/** The actions of `factors`. */
export const factorsActions = {}
