import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, defineQuery } from '../../kernel/action.ts'
import type { Actor, Principal } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, idOrNull, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { signedIn } from '../../kernel/rule.ts'
import { applicableAssignments, type ActiveRoles, type ResolvedAssignment } from '../../grants/index.ts'
import type { RoleId } from '../model.ts'
import { FactsReader } from '../facts/reader.ts'
import { activate, deactivate, statesOf, type ActivationConflict } from './activation.ts'
import { noSession, tooManyActive } from './errors.ts'
import type { ActiveRole, ActiveRoleState } from './model.ts'
import { separationSignatures as signatures } from './signatures.ts'

/** Only assigned roles can be activated; included roles follow them. */
export const activateRole = defineCommand(signatures.activateRole, {
  allow: signedIn,
  async handle(context, { roleId }) {
    const session = await lockedSession(context, roleId)
    const { assignments, activeRoles } = session
    if (stateIn(assignments, activeRoles, roleId) === 'active' && !isPartlyContested(session, roleId))
      return { roleId, state: 'active' as const, changed: false }
    const next = activate(assignments, activeRoles, uuidOf(roleId))
    if ('exclusion' in next) throw await conflictError(context.em, next)
    await saveActiveRoles(context, session, next)
    context.invalidate(session.userId, { when: 'soon' })
    context.note({ changes: { activated: roleId } })
    return { roleId, state: 'active' as const, changed: true }
  },
})

export const deactivateRole = defineCommand(signatures.deactivateRole, {
  allow: signedIn,
  async handle(context, { roleId }) {
    const session = await lockedSession(context, roleId)
    const { assignments, activeRoles, sessionId } = session
    const before = stateIn(assignments, activeRoles, roleId)
    if (before !== 'active') return { roleId, state: before, changed: false }
    const next = deactivate(assignments, activeRoles, uuidOf(roleId))
    await saveActiveRoles(context, session, next)
    context.invalidate(sessionId, { when: 'now' })
    context.note({ changes: { deactivated: roleId } })
    return { roleId, state: stateIn(assignments, next, roleId), changed: true }
  },
})

export const listActiveRoles = defineQuery(signatures.listActiveRoles, {
  allow: signedIn,
  async handle({ open, actor, now }) {
    const { userId, sessionId } = ownSession(actor)
    const { assignments, activeRoles } = await rolesIn(await open(), { userId, sessionId }, now)
    const items = [...statesOf(assignments, activeRoles)].flatMap(([assignment, state]) => shownActiveRole(assignment, state))
    // A role that a user has several times, for example through a team, is listed once.
    return { items: [...new Map(items.map((item) => [JSON.stringify(item), item])).values()] }
  },
})

interface OwnSession {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
}

interface SessionRoles {
  /** Applicable assignments of roles. */
  readonly assignments: readonly ResolvedAssignment[]
  readonly activeRoles: ActiveRoles
}

function ownSession(actor: Actor): OwnSession {
  const { userId, sessionId = null }: Partial<Principal> = actor.kind === 'user' ? actor.principal : {}
  if (userId === undefined || sessionId === null) throw noSession({})
  return { userId, sessionId }
}

/** Locks the caller's session and loads its roles. Throws if the role is not among them. */
async function lockedSession({ em, actor, now }: CommandContext, roleId: RoleId): Promise<OwnSession & SessionRoles> {
  const session = ownSession(actor)
  await em.execute('select 1 from sessions where id = ? for no key update', [uuidOf(session.sessionId)])
  const held = await rolesIn(em, session, now)
  if (!held.assignments.some(({ role }) => role === uuidOf(roleId))) throw notFound({ type: 'role' })
  return { ...session, ...held }
}

async function rolesIn(em: SqlEntityManager, session: OwnSession, now: Date): Promise<SessionRoles> {
  const [facts] = await new FactsReader(em, 'now', now).subjects([session])
  if (facts === undefined) return { assignments: [], activeRoles: { activated: [], deactivated: [] } }
  const ready = applicableAssignments(facts.assignments, { at: now.getTime(), assurance: facts.assurance })
  return { assignments: ready.filter(({ role }) => role !== null), activeRoles: facts.activeRoles }
}

/** The state of a role over all its assignments: active if it is active in any scope. */
function stateIn(assignments: readonly ResolvedAssignment[], activeRoles: ActiveRoles, roleId: RoleId): ActiveRoleState {
  const role = uuidOf(roleId)
  const states = [...statesOf(assignments, activeRoles)].flatMap(([assignment, state]) => (assignment.role === role ? [state] : []))
  return (['active', 'deactivated', 'contested'] as const).find((state) => states.includes(state)) ?? 'contested'
}

/** Whether a role is contested in one of its scopes. */
function isPartlyContested({ assignments, activeRoles }: SessionRoles, roleId: RoleId): boolean {
  const states = [...statesOf(assignments, activeRoles)].flatMap(([{ role }, state]) => (role === uuidOf(roleId) ? [state] : []))
  return states.includes('contested')
}

/** Saves the active roles of a session, without roles that the user no longer has. */
async function saveActiveRoles(
  { em }: CommandContext,
  { sessionId, assignments }: OwnSession & SessionRoles,
  { activated, deactivated }: ActiveRoles,
): Promise<void> {
  const has = new Set(assignments.map(({ role }) => role))
  const kept = (ids: readonly string[]) => `{${ids.filter((id) => has.has(id)).join(',')}}`
  await em.execute('update sessions set activated_roles = ?::uuid[], dropped_roles = ?::uuid[] where id = ?', [
    kept(activated),
    kept(deactivated),
    uuidOf(sessionId),
  ])
}

async function conflictError(em: SqlEntityManager, { exclusion, active }: ActivationConflict) {
  const [set] = await em.execute<{ name: string }[]>('select name from role_exclusions where id = ?', [exclusion])
  const roles = active.map((id) => idOf('rol', id))
  const named = await em.execute<{ id: string; name: string }[]>(
    'select id::text as id, name from roles where id = any(?::uuid[]) order by name, id',
    [uuidsOf(roles)],
  )
  const deactivate = named.map(({ id, name }) => ({ id: idOf('rol', id), name }))
  return tooManyActive({ exclusion: { id: idOf('exc', exclusion), name: set?.name ?? '' }, deactivate })
}

function shownActiveRole({ role, name, scope, organization, object }: ResolvedAssignment, state: ActiveRoleState): ActiveRole[] {
  if (role === null || name === null) return []
  const organizationId = idOrNull('org', organization)
  const teamId = scope === 'team' && object !== null ? idOf('team', object) : null
  return [{ role: { id: idOf('rol', role), name }, state, on: { kind: scope, organizationId, teamId } }]
}
