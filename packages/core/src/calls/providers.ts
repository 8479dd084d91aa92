import type { Signatures, UserId } from '../contract.ts'
import { DenizenError } from '../kernel/errors.ts'
import type { InputOf, OutputOf } from '../kernel/signature.ts'
import type { Calls } from './index.ts'

type Users = Signatures['users']
type User = OutputOf<Users['get']>
type Listing = Omit<InputOf<Users['list']>, 'limit' | 'cursor' | 'total'>

/**
 * The users, for an application that wants them injected: over core, over a
 * server, or in a test over a map. What the caller may not know of is not there.
 */
export interface UserProvider {
  /** null: there is none. */
  get(id: UserId): Promise<User | null>
  /** By id, email address or username; null: there is none. */
  find(identifier: string): Promise<User | null>
  /** All that match, however many pages they are. */
  list(options?: Listing): AsyncIterable<User>
  create(user: Omit<InputOf<Users['create']>, 'ifAbsent'>): Promise<User>
  /** Absent leaves, `null` clears, a value sets. */
  update(id: UserId, patch: Omit<InputOf<Users['update']>, 'userId'>): Promise<User>
  /** Ends its sessions and tokens; it can be restored for a while. */
  archive(id: UserId, reason?: string): Promise<User>
}

/** Who has which role everywhere. A role that nobody has heard of is one that nobody has. */
export interface RoleProvider {
  /** The names of the roles that a user has, sorted. */
  rolesOf(userId: UserId): Promise<readonly string[]>
  has(userId: UserId, role: string): Promise<boolean>
  /** All who have the role, however many pages they are. */
  membersOf(role: string): AsyncIterable<User>
  /** What whoever asks may do everywhere, as names of actions. Of others nothing tells yet. */
  ownPermissions(): Promise<readonly string[]>
}

/** The users of Denizen, as whoever makes the calls sees and may change them. */
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

/** The roles of Denizen. Needs what the calls below need: `users.count`, `users.list` and `users.stats`. */
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

/** The most that one page holds. */
const wholePage = 100

async function orNull<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'request.notFound') return null
    throw error
  }
}
