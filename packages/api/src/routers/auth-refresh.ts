/** The procedures of `auth` for keeping a session alive. */
export const refreshProcedures = {}
