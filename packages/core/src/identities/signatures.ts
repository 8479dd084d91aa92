/** The actions of `identities`. */
export const identitiesSignatures = {} as const
