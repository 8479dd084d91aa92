/** Password hashing. Slow on purpose, so implementations limit how many run at once and throw `passwords.busy` when too many wait. */
export interface Hasher {
  /** A PHC string (argon2id). */
  hash(password: string): Promise<string>
  /**
   * Whether the password matches the hash, which another system may have made: `verifyImported` of `@denizen/core/hashes` compares
   * what is not argon2. False for a hash of an unknown kind, or of more work than its kind may ask for.
   */
  verify(hash: string, password: string): Promise<boolean>
  /** Whether the hash is weaker than new ones. */
  isOutdated(hash: string): boolean
}
