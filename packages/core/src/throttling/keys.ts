import type { Ports } from '../ports/index.ts'

/** The kinds of secrets that can be guessed. Each is counted separately: who knows the password does not get more tries at the second factor for it. */
export type Guessed = 'password' | 'passkey' | 'factor' | 'proof' | 'mailedCode' | 'userCode' | 'identityToken'

/** What failures at a secret are counted by: the name that was given, the account behind it, the network of the call. */
type By = 'name' | 'account' | 'network'

/** Requests that are counted, whether or not they succeed. */
type Request =
  | `begun/${'anonymous' | 'deviceLogin' | 'oauth' | 'passkeySignIn'}/network`
  | 'addresses/user'
  | `mails/${string}/${'pair' | 'first' | 'further'}`
  | 'mails/network'
  | 'refusals/network'
  | `invitations/${'inviter' | 'organization'}`

/** Everything that is counted, by what. */
export type Counted = `failures/${Guessed}/${By}` | Request

/**
 * The key of a counter, a fingerprint, because names are data about people. Only here are such keys made: what is counted is
 * part of every key and is no text of a caller's, and the parts cannot run into each other, so two kinds never share one.
 */
export function counterKey({ cipher }: Pick<Ports, 'cipher'>, counted: Counted, parts: readonly string[]): Promise<string> {
  return cipher.fingerprint(`counter/${counted}`, JSON.stringify(parts))
}
