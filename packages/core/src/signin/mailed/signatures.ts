/** The actions of `auth` for signing up, and everything that goes by mail. */
export const mailedSignatures = {} as const
