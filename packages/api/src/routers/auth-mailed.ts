/** The procedures of `auth` for signing up, and everything that goes by mail. */
export const mailedProcedures = {}
