/** The procedures of `auth` for changing, resetting and setting up passwords. */
export const passwordProcedures = {}
