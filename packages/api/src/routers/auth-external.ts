/** The procedures of `auth` for signing in with an external identity. */
export const externalProcedures = {}
