/** The actions of `auth` for changing, resetting and setting up passwords. */
export const passwordSignatures = {} as const
