/** The actions of `auth` for keeping a session alive. */
export const refreshSignatures = {} as const
