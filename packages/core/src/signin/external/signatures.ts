/** The actions of `auth` for signing in with an external identity. */
export const externalSignatures = {} as const
