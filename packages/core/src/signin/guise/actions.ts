/** Anonymous users and impersonation. */
export const guiseActions = {}
