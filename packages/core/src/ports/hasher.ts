/** Password hashing. Slow on purpose, so implementations limit how many run at once and throw `passwords.busy` when too many wait. */
export interface Hasher {
  /** A PHC string (argon2id). */
  hash(password: string): Promise<string>
  /** Whether the password matches the hash; false for a hash of an unknown kind. */
  verify(hash: string, password: string): Promise<boolean>
  /** Whether the hash is weaker than new ones. */
  isOutdated(hash: string): boolean
}
