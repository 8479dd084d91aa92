import type { ActionName } from '@denizen/core/calls'
import type { ErrorKind } from '@denizen/core/contract'
import type { SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'

/** One call, ready to be made. */
export interface Prepared {
  /** null: nobody. */
  readonly as: SignedInUser | null
  readonly input: Readonly<Record<string, unknown>>
}

/**
 * Two calls of an action: one that succeeds and one that fails as it is meant to.
 * Each makes its own subjects, with the same names in every world, so that the
 * answers can be compared.
 */
export interface Examples {
  succeeds(world: FaceWorld): Promise<Prepared>
  fails(world: FaceWorld): Promise<Prepared>
  /** How it fails. */
  readonly failure: { readonly code: string; readonly kind: ErrorKind; /** A wrong guess, which is kept. */ readonly counted?: boolean }
}

/** A world for one face, with its one superadmin. */
export interface FaceWorld {
  readonly database: SystemDatabase
  readonly admin: SignedInUser
  /** Somebody with the password of all, signed in of late. */
  signUp(named: Named): Promise<SignedInUser>
}

/** What somebody is called. */
export type Named = Readonly<Record<'username' | 'email' | 'fullName', string>>

/** The examples of some actions. */
export type SomeExamples = Readonly<Partial<Record<ActionName, Examples>>>

/** A call that nobody in particular makes. */
export const nobody = async (): Promise<Prepared> => ({ as: null, input: {} })

/** Somebody without any role but `user`, signed in. */
export const somebody = (world: FaceWorld, username: string): Promise<SignedInUser> =>
  world.signUp({ username, email: `${username}@example.com`, fullName: 'Somebody Else' })
