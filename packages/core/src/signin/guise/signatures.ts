/** The actions of `auth` for anonymous users and impersonation. */
export const guiseSignatures = {} as const
