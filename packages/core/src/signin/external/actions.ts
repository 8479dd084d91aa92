/** Signing in with an external identity. */
export const externalActions = {}
