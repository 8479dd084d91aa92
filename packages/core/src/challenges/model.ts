/** What is waited for. */
export type ChallengePurpose = 'factor' | 'passkeyRegistration' | 'passkeySignIn' | 'oauth' | 'proof'
