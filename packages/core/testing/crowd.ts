import { userActor, type Calls, type Core, type Id, type Orm, type Ports, type User } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { accessLifetime, insertSession, slidExpiry } from '../src/sessions/index.ts'
import { issueTokens } from '../src/tokens/index.ts'
import { newId } from '../src/kernel/id.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** What `People` does for a crowd. */
interface Populace {
  join(organizationId: Id<'org'>, user: User, role: 'owner' | 'admin' | 'member'): Promise<void>
  grant(user: User, role: 'superadmin'): Promise<void>
  asSystem(): Calls
}

/** What each of a crowd is. */
export interface CrowdOptions {
  /** A member there, with this role; default: `member`. */
  readonly organizationId?: Id<'org'>
  readonly role?: 'owner' | 'admin' | 'member'
  readonly isSuperadmin?: boolean
}

/**
 * So many people, signed in: made by one call, without passwords, and let in past the sign-in, at a tenth of the cost.
 * For tests of what many do at once.
 */
export async function crowdOf(
  { people, core, orm, ports }: { people: Populace; core: Core; orm: Orm; ports: Ports },
  count: number,
  { organizationId, role = 'member', isSuperadmin = false }: CrowdOptions = {},
): Promise<SignedInUser[]> {
  const users = await makeUsers(people, count)
  if (organizationId !== undefined) for (const user of users) await people.join(organizationId, user, role)
  if (isSuperadmin) for (const user of users) await people.grant(user, 'superadmin')
  const tokens = await letIn(orm.em.fork() as SqlEntityManager, ports, users, organizationId ?? null)
  return Promise.all(
    users.map(async (user, index) => {
      const token = tokens[index] ?? ''
      const principal = await core.authenticate(token)
      if (principal === null) throw new Error('a new token opens nothing')
      return { user, token, principal, as: core.as(userActor(principal)) }
    }),
  )
}

async function makeUsers(people: Populace, count: number): Promise<User[]> {
  const { users } = people.asSystem()
  const named = Array.from({ length: count }, () => ({ username: `one-of-many-${crypto.randomUUID()}` }))
  const { succeeded } = await users.bulkCreate({ users: named })
  const made = await users.list({ where: { id: succeeded.map(({ userId }) => userId) }, limit: 100 })
  if (made.items.length !== count) throw new Error(`there are ${made.items.length} of ${count}`)
  return made.items
}

/** A session for each, as a password would open it. Gives their access tokens. */
async function letIn(em: SqlEntityManager, ports: Ports, users: readonly User[], organizationId: Id<'org'> | null): Promise<string[]> {
  const now = ports.clock.now()
  const expiresAt = slidExpiry(now, now, null)
  const tokens: string[] = []
  for (const { id: userId } of users) {
    const id = newId('ses', now, ports.random.bytes(10))
    const how = { authMethods: ['pwd'], assurance: 'aal1', ip: null, userAgent: null, impersonation: null } as const
    insertSession(em, { ...how, authMethods: [...how.authMethods], id, userId, organizationId, expiresAt, now })
    tokens.push((await issueTokens(em, ports, { userId, sessionId: id, now, expiresAt, accessLifetime })).access)
  }
  await em.flush()
  return tokens
}
