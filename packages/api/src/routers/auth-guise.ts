/** The procedures of `auth` for anonymous users and impersonation. */
export const guiseProcedures = {}
