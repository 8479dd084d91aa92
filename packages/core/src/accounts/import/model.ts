/** A user of another system, in the shape that every format is read into. */
export interface ImportedUser {
  readonly username: string
  /** The username is ours, made from an address: when it is taken, another will do. */
  readonly usernameIsOurs: boolean
  readonly email: string | null
  readonly emailVerified: boolean
  readonly fullName: string | null
  readonly status: 'active' | 'inactive'
  readonly kind: 'human' | 'service'
  readonly password: ImportedPassword | null
  readonly needPasswordChange: boolean
  /** Names of custom roles. */
  readonly roles: readonly string[]
  /** What the file says of the user and we do not take over. */
  readonly warnings: readonly string[]
}

export type ImportedPassword = { readonly plain: string } | { readonly hash: string }

/** A user whose record does not fit, and why. */
export interface UnreadableUser {
  readonly username: string
  readonly problem: string
}

export interface ImportedRole {
  readonly name: string
  readonly description: string | null
}
