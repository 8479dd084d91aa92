/** The actions of `tokens`. */
export const tokensSignatures = {} as const
