/** A user of another system, in the shape that every format is parsed into. */
export interface ImportedUser {
  readonly username: string
  /** The username was made from an address: if it is taken, another is chosen. */
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
  /** What the file says of the user that is not imported. */
  readonly warnings: readonly string[]
}

export type ImportedPassword = { readonly plain: string } | { readonly hash: string }

/** A record that cannot be imported, and why. */
export interface UnreadableUser {
  readonly username: string
  readonly problem: string
}

export interface ImportedRole {
  readonly name: string
  readonly description: string | null
}
