/** Keeping a session alive. */
export const refreshActions = {}
