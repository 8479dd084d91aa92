/** The actions of `identities`. */
export const identitiesActions = {}
