/** The actions of `passkeys`. */
export const passkeysActions = {}
