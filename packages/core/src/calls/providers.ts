import type { Signatures, UserId } from '../contract.ts'
import { DenizenError } from '../kernel/errors.ts'
import type { InputOf, OutputOf } from '../kernel/signature.ts'
import type { Calls } from './calls.ts'

type Users = Signatures['users']
type User = OutputOf<Users['get']>
type Listing = Omit<InputOf<Users['list']>, 'limit' | 'cursor' | 'total'>

/**
 * Users as a dependency of an application: backed by core, by a server, or in tests by a map. Users that the
 * caller may not see are not found.
 */
export interface UserProvider {
  /** null: there is none. */
  get(id: UserId): Promise<User | null>
  /** By id, email address or username; null: there is none. */
  find(identifier: string): Promise<User | null>
  /** All matching users, from all pages. */
  list(options?: Listing): AsyncIterable<User>
  create(user: Omit<InputOf<Users['create']>, 'ifAbsent'>): Promise<User>
  /** Absent fields stay, `null` clears a field. */
  update(id: UserId, patch: Omit<InputOf<Users['update']>, 'userId'>): Promise<User>
  /** Ends the sessions and tokens of a user, who can be restored for a while. */
  archive(id: UserId, reason?: string): Promise<User>
}

/** Roles that users have everywhere. Nobody has an unknown role. */
export interface RoleProvider {
  /** The names of the roles that a user has, sorted. */
  rolesOf(userId: UserId): Promise<readonly string[]>
  has(userId: UserId, role: string): Promise<boolean>
  /** All users with the role, from all pages. */
  membersOf(role: string): AsyncIterable<User>
  /** The permissions that the caller has everywhere, as names of actions. */
  ownPermissions(): Promise<readonly string[]>
}

/** Users of Denizen, as the caller may see and change them. */
export function userProvider({ users }: Calls): UserProvider {
  return {
    get: (userId) => orNull(users.get({ userId })),
    find: (identifier) => users.find({ identifier }),
    list: (options = {}) => users.list({ ...options, limit: wholePage }),
    async create(user) {
      const created = await users.create({ ...user, ifAbsent: false })
      if (created === null) throw new TypeError('users.create answered null without ifAbsent')
      return created
    },
    update: (userId, patch) => users.update({ ...patch, userId }),
    async archive(userId, reason) {
      const { user } = await users.archive({ userId, ...(reason !== undefined && { reason }) })
      return user
    },
  }
}

/** Roles of Denizen. The caller needs `users.count`, `users.list` and `users.stats`. */
export function roleProvider({ users }: Calls): RoleProvider {
  const has = async (userId: UserId, role: string) => (await users.count({ where: { id: userId, role } })).count > 0
  return {
    has,
    async rolesOf(userId) {
      const { byRole } = await users.stats()
      const roles = Object.keys(byRole).toSorted()
      const held = await Promise.all(roles.map((role) => has(userId, role)))
      return roles.filter((_, index) => held[index])
    },
    membersOf: (role) => users.list({ where: { role }, limit: wholePage }),
    ownPermissions: async () => (await users.current()).permissions,
  }
}

/** The largest page. */
const wholePage = 100

async function orNull<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'request.notFound') return null
    throw error
  }
}
