/**
 * Password hashing. Slow on purpose, so implementations bound how many run at
 * once and fail fast with `passwords.busy` when too many wait.
 */
export interface Hasher {
  /** A PHC string (argon2id). */
  hash(password: string): Promise<string>
  /** Whether the password made the hash. false for a hash of a kind it does not know. */
  verify(hash: string, password: string): Promise<boolean>
  /** Whether the hash is weaker than what `hash` makes today. */
  isOutdated(hash: string): boolean
}
