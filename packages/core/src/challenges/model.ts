/** The purpose of a challenge. */
export type ChallengePurpose = 'factor' | 'passkeyRegistration' | 'passkeySignIn' | 'oauth' | 'proof'
