import type { SqlEntityManager } from '@mikro-orm/sql'
import { callerId, type Actor } from '../../kernel/actor.ts'
import { uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Target } from '../../kernel/rule.ts'
import { targetInScope, type Scope } from '../scopes.ts'

/** The type in errors for a subject or scope that does not exist, or that the caller may not see. */
export const askedType = 'user or place'

interface AskedAbout {
  readonly action: string
  /** null: not about one user, but about all who have the permission. */
  readonly userId: Id<'usr'> | null
}

/**
 * The target of a question about a user in a scope, or about all users there. Everybody may ask about themselves where they can see the
 * scope. Asking about others needs the permission there, and only finds users who are or were there too.
 */
export async function askedTarget(
  em: SqlEntityManager,
  scope: Scope | null,
  actor: Actor,
  { action, userId }: AskedAbout,
): Promise<Target | null> {
  if (scope === null) return null
  const id = scope.path[0] ?? scope.organizationId ?? userId ?? ''
  const target = await targetInScope(em, scope, actor, { type: scope.kind, id, userId, visibleWith: visibleWith(scope, action) })
  if (actor.kind !== 'user') return userId !== null && !(await exists(em, userId)) ? null : target
  if (userId === actor.principal.userId) return canSee(actor, target, scope, action) ? target : null
  if (userId === null) return target
  return (await isVisible(em, actor, { userId, scope, action })) ? target : null
}

/** Who may list members may know that asking about them is not allowed. */
function visibleWith({ organizationId }: Scope, action: string): string {
  return organizationId === null ? action : 'organizations.listMembers'
}

/** Whether the caller can see a scope at all. */
function canSee(
  { principal }: Extract<Actor, { kind: 'user' }>,
  { resourceGrants }: Target,
  { kind, organizationId, path }: Scope,
  action: string,
): boolean {
  if (kind === 'system' || principal.grants.allows(action, organizationId, path)) return true
  if (organizationId !== null) return principal.memberships.some((membership) => membership.organizationId === organizationId)
  return (resourceGrants?.list(organizationId, path).length ?? 0) > 0
}

/**
 * Whether the caller may know of another user: everybody with the permission everywhere; else past and present members of the
 * organization, and users with an assignment in the scope.
 */
async function isVisible(
  em: SqlEntityManager,
  { principal }: Extract<Actor, { kind: 'user' }>,
  { userId, scope: { organizationId, path }, action }: { readonly userId: Id<'usr'>; readonly scope: Scope; readonly action: string },
): Promise<boolean> {
  if (principal.grants.allowsEverywhere(action)) return exists(em, userId)
  const organizations = organizationId === null ? principal.memberships.map((membership) => membership.organizationId) : [organizationId]
  const user = uuidOf(userId)
  const resources = organizationId === null ? path : []
  const rows = await em.execute<unknown[]>(
    `select 1 from memberships m where m.user_id = ? and m.organization_id = any(?::uuid[])
    union all select 1 from former_states f where f.kind = 'membership' and f.subject_id = ? and f.object_id = any(?::uuid[])
    union all select 1 from role_assignments a where a.user_id = ? and a.resource_id = any(?::uuid[]) limit 1`,
    [user, uuidsOf(organizations), user, uuidsOf(organizations), user, uuidsOf(resources)],
  )
  return rows.length > 0
}

async function exists(em: SqlEntityManager, userId: Id<'usr'>): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from users where id = ?', [uuidOf(userId)])
  return rows.length > 0
}

/** The parts of an answer that the caller may see. */
export interface Visibility {
  /** Assignments that count everywhere. */
  readonly everywhere: boolean
  /** Everybody, members of one organization, or nobody (null). */
  readonly people: 'all' | Id<'org'> | null
  /** The organization's roles, and the installation's. */
  readonly roles: boolean
  readonly installationRoles: boolean
}

/** What the caller may see of an answer: everything about themselves; about others only what is where they may look. */
export function visibilityFor(actor: Actor, scope: Scope, { action, userId }: AskedAbout): Visibility {
  if (actor.kind !== 'user') return { everywhere: true, people: 'all', roles: true, installationRoles: true }
  const { grants, memberships } = actor.principal
  const { organizationId, path } = scope
  const everything = grants.allowsEverywhere(action)
  const inside = organizationId !== null && memberships.some((membership) => membership.organizationId === organizationId)
  const lists = grants.allows('roles.list', organizationId, path)
  const members = organizationId !== null && grants.allows('organizations.listMembers', organizationId) ? organizationId : null
  return {
    everywhere: everything || userId === callerId(actor),
    people: everything ? 'all' : members,
    roles: everything || inside || lists,
    installationRoles: everything || lists,
  }
}
