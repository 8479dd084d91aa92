/** Changing, resetting and setting up passwords. */
export const passwordActions = {}
