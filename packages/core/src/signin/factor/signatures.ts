/** The actions of `auth` for second factors at sign-in, fresh proofs, what an operator does for somebody locked out, and the history. */
export const factorSignatures = {} as const
