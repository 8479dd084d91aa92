import type { z } from 'zod'
import { invalidInputError } from '../../kernel/input.ts'
import { printable } from '../../text/index.ts'

/** A user of another system, in the shape that every format is parsed into. */
export interface ImportedUser {
  /** What the file calls the user. */
  readonly called: string
  /** Where the user is from: unlike the username, it stays the same, so a repeated import finds the user by it. */
  readonly origin: string
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
  /** What is not imported as the file has it, and what follows from that. */
  readonly warnings: readonly string[]
}

export type ImportedPassword = { readonly plain: string } | { readonly hash: string }

/** A record that cannot be imported, and why. */
export interface UnreadableUser {
  readonly username: string
  readonly problem: string
}

/** Characters. Longer than what any schema says. */
const longestProblem = 500

/** What is wrong with a record of a file, which was parsed with `inputWords`. */
export function problemIn({ issues }: z.ZodError, record: unknown): string {
  return printable(invalidInputError(issues, record).message, longestProblem)
}

export interface ImportedRole {
  readonly name: string
  readonly description: string | null
}

/** A role that cannot be imported, and why. */
export interface UnreadableRole {
  /** Its place in the file, from 0. */
  readonly index: number
  readonly name: string
  readonly problem: string
}

/** Something that the file says and the import does not take over. */
export interface Lost {
  readonly what: string
  /** How many of it there are. */
  readonly count: number
  /** How many users have it; null: it is not about users. */
  readonly users: number | null
}
