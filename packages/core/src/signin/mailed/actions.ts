/** Signing up, and everything that goes by mail. */
export const mailedActions = {}
