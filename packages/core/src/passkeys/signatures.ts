/** The actions of `passkeys`. */
export const passkeysSignatures = {} as const
