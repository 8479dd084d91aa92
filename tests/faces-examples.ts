import type { ActionName } from '@denizen/core/calls'
import type { ErrorKind } from '@denizen/core/contract'
import { password, type SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from './database.ts'

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
  readonly failure: { readonly code: string; readonly kind: ErrorKind }
}

/** A world for one face, with its one superadmin. */
export interface FaceWorld {
  readonly database: SystemDatabase
  readonly admin: SignedInUser
}

const nobody = async (): Promise<Prepared> => ({ as: null, input: {} })

/** Somebody without any role but `user`, signed in. */
const somebody = ({ database }: FaceWorld, username: string): Promise<SignedInUser> =>
  database.people.signUp({ username, email: `${username}@example.com`, fullName: 'Somebody Else' })

const realm = (username: string) => ({
  realm: 'faces',
  roles: { realm: [{ name: 'admin' }] },
  users: [
    {
      username,
      email: `${username}@example.com`,
      realmRoles: ['admin', 'unheard-of'],
      credentials: [{ type: 'password', value: password }],
    },
    { username: 'not a username' },
  ],
})

/** Every action has its examples here; one without fails the test by its name. */
export const examples: Readonly<Record<ActionName, Examples>> = {
  'auth.signIn': {
    async succeeds(world) {
      const { user } = await somebody(world, 'signs-in')
      return { as: null, input: { identifier: user.username, password } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'mistypes')
      return { as: null, input: { identifier: user.email, password: `${password}r` } }
    },
    failure: { code: 'auth.invalidCredentials', kind: 'unauthenticated' },
  },
  'auth.signOut': {
    succeeds: async (world) => ({ as: await somebody(world, 'signs-out'), input: {} }),
    fails: nobody,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'sessions.whoami': {
    succeeds: async (world) => ({ as: await somebody(world, 'wonders'), input: {} }),
    async fails(world) {
      const debtor = await somebody(world, 'owes-a-step')
      await world.database.rows('update users set need_password_change = true where username = ?', [debtor.user.username])
      const principal = { ...debtor.principal, pendingSteps: ['changePassword'] as const }
      return { as: { ...debtor, principal }, input: {} }
    },
    failure: { code: 'auth.stepRequired', kind: 'denied' },
  },
  'users.create': {
    succeeds: async ({ admin }) => ({
      as: admin,
      input: { email: 'Ada@Example.com', fullName: 'Ada Lovelace', locale: 'en-GB', preferences: { theme: 'dark', sizes: [1, null] } },
    }),
    async fails(world) {
      await somebody(world, 'first-come')
      return { as: world.admin, input: { email: 'FIRST-come@example.com' } }
    },
    failure: { code: 'users.emailTaken', kind: 'conflict' },
  },
  'users.current': {
    succeeds: async (world) => ({ as: await somebody(world, 'is-current'), input: {} }),
    fails: nobody,
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'users.find': {
    async succeeds(world) {
      await somebody(world, 'is-found')
      return { as: world.admin, input: { identifier: ' Is-Found@example.com ' } }
    },
    fails: async (world) => ({ as: await somebody(world, 'looks-around'), input: { identifier: 'is-found' } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.get': {
    async succeeds(world) {
      const self = await somebody(world, 'is-shown')
      return { as: self, input: { userId: self.user.id } }
    },
    fails: async (world) => ({ as: await somebody(world, 'is-curious'), input: { userId: world.admin.user.id } }),
    failure: { code: 'request.notFound', kind: 'notFound' },
  },
  'users.import': {
    succeeds: async ({ admin }) => ({ as: admin, input: { format: 'keycloak', createRoles: true, realm: realm('comes-along') } }),
    fails: async (world) => ({ as: await somebody(world, 'smuggles'), input: { format: 'keycloak', realm: realm('is-smuggled') } }),
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'users.list': {
    async succeeds({ admin, database }) {
      for (const username of ['robot-one', 'robot-two'])
        await database.people.newUser({ username, email: `${username}@example.com`, kind: 'service' })
      return { as: admin, input: { kind: 'service', limit: 1, total: true } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { limit: 101 } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'users.setStatus': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-suspended')
      return { as: world.admin, input: { userId: user.id, status: 'suspended', reason: 'spam' } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { userId: admin.user.id, status: 'inactive' } }),
    failure: { code: 'users.lastSuperadmin', kind: 'conflict' },
  },
  'users.update': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-renamed')
      return { as: world.admin, input: { userId: user.id, version: user.version, displayName: 'New Name', fullName: null } }
    },
    async fails(world) {
      const { user } = await somebody(world, 'was-changed')
      return { as: world.admin, input: { userId: user.id, version: user.version + 7, displayName: 'Too Late' } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
}
