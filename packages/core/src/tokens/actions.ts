/** The actions of `tokens`. */
export const tokensActions = {}
