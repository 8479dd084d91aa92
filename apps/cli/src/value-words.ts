/** Values of answers that say too little when their letters are only set apart. */
const words: Readonly<Record<string, string>> = {
  // Why a session ended.
  userStatus: 'account not active',
  contained: 'account contained',
  archived: 'account archived',
  evicted: 'too many sessions',
  tokenReused: 'token used twice',
  // How a try to sign in ended.
  notActive: 'account not active',
  locked: 'too many failures',
  none: '-',
  totp: 'authenticator app',
  magicLink: 'email link',
  identity: 'identity provider',
  // Methods of authentication (RFC 8176).
  pwd: 'password',
  otp: 'one-time code',
  hwk: 'passkey',
  swk: 'passkey',
  mfa: 'two factors',
  aal1: 'one factor',
  aal2: 'two factors',
}

/** A value of an enumeration as people say it: `wrongPassword` and `wrong_password` are "wrong password". JSON has them as they are. */
export function inWords(value: string): string {
  return words[value] ?? value.replaceAll('_', ' ').replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
