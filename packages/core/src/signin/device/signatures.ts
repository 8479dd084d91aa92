/** The actions of `auth` for signing in programs without a browser (RFC 8628). */
export const deviceSignatures = {} as const
