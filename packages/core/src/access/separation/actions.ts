import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { requireActiveTenant, tenantTarget, patternsBy, requireHeldPermissions, usableRoles } from '../roles/index.ts'
import { ExclusionRow } from './entity.ts'
import type { ExclusionId, RoleId } from '../model.ts'
import { builtInNotExcludable, exclusionTooLarge, exclusionTooSmall } from './errors.ts'
import { requireNotOnResources, requireSatisfied } from './set-guard.ts'
import type { Exclusion } from './model.ts'
import { addMembers, exclusionTarget, existingExclusion, removeMembers } from './repository.ts'
import { separationSignatures as signatures, mostRoles } from './signatures.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'

export const createExclusion = defineCommand(signatures.createExclusion, {
  allow: granted,
  target: tenantTarget,
  async handle(context, { organizationId = null, name, kind, roleIds, cardinality }) {
    const { em, now } = context
    await lockRoleHierarchy(em, organizationId, 'change')
    await requireActiveTenant(em, organizationId)
    const members = await excludableRoles(context, [...new Set(roleIds)], organizationId)
    const id = context.newId('exc')
    em.persist(em.create(ExclusionRow, { id, organizationId, name, kind, cardinality, version: 1, createdAt: now, updatedAt: now }))
    await em.flush()
    await addMembers(em, id, members)
    const made = await existingExclusion(em, id)
    await enforceSet(context, made, { stricter: true, concerned: members })
    context.note({ target: { type: exclusionTarget.type, id }, organizationId, changes: { name, kind, cardinality, roleIds: members } })
    emitExclusion(context, 'access.exclusionCreated', made)
    return made
  },
})

export const updateExclusion = defineCommand(signatures.updateExclusion, {
  allow: granted,
  target: exclusionTarget,
  async handle(context, { exclusionId, version, name, addRoleIds = [], removeRoleIds = [], cardinality }) {
    const { em, now } = context
    const before = await changedExclusion(context, exclusionId)
    expectVersion(before, version)
    const there = before.roles.map(({ id }) => id)
    const added = [...new Set(addRoleIds)].filter((id) => !there.includes(id) && !removeRoleIds.includes(id))
    const removed = there.filter((id) => removeRoleIds.includes(id))
    await addMembers(em, exclusionId, await excludableRoles(context, added, before.organizationId))
    await removeMembers(em, exclusionId, removed)
    const fields = { name: name ?? before.name, cardinality: cardinality ?? before.cardinality }
    if (added.length + removed.length === 0 && fields.name === before.name && fields.cardinality === before.cardinality) return before
    await em.execute(
      'update role_exclusions set name = ?, cardinality = ?, version = version + 1, updated_at = ? where id = ?',
      [fields.name, fields.cardinality, now, uuidOf(exclusionId)],
      'run',
    )
    const after = await existingExclusion(em, exclusionId)
    const stricter = added.length > 0 || after.cardinality < before.cardinality
    await enforceSet(context, after, { stricter, concerned: [...there, ...added] })
    context.note({ changes: { ...fields, added, removed } })
    emitExclusion(context, 'access.exclusionUpdated', after)
    return after
  },
})

export const deleteExclusion = defineCommand(signatures.deleteExclusion, {
  allow: granted,
  target: exclusionTarget,
  async handle(context, { exclusionId }) {
    const { em } = context
    const gone = await changedExclusion(context, exclusionId)
    await em.execute('delete from role_exclusions where id = ?', [uuidOf(exclusionId)], 'run')
    if (gone.kind === 'dynamic') for (const { id } of gone.roles) context.invalidate(id, { when: 'soon' })
    context.note({ changes: { name: gone.name, roleIds: gone.roles.map(({ id }) => id) } })
    emitExclusion(context, 'access.exclusionDeleted', gone)
    return { exclusionId }
  },
})

/** Locks a set for an actor who holds all permissions of its roles: only they may change how these are kept apart. */
async function changedExclusion(context: CommandContext, exclusionId: ExclusionId): Promise<Exclusion> {
  const { em, actor } = context
  await lockRoleHierarchy(em, (await existingExclusion(em, exclusionId)).organizationId, 'change')
  const found = await existingExclusion(em, exclusionId)
  await requireActiveTenant(em, found.organizationId)
  const patterns = await patternsBy(
    em,
    found.roles.map(({ id }) => id),
  )
  requireHeldPermissions(actor, [...patterns.values()].flat(), found.organizationId)
  return found
}

/** Loads roles that the actor may put into a set. Built-in roles have rules of their own. */
async function excludableRoles(
  { em, actor }: CommandContext,
  roleIds: readonly RoleId[],
  organizationId: OrganizationId | null,
): Promise<readonly RoleId[]> {
  const roles = await usableRoles(em, actor, { roleIds, organizationId })
  const builtIn = roles.find((role) => role.builtIn)
  if (builtIn !== undefined) throw builtInNotExcludable({ role: builtIn.name })
  return roles.map(({ id }) => id)
}

/** Throws if the set makes no sense or is violated already, and invalidates the sessions it concerns. */
async function enforceSet(
  { em, now, invalidate }: CommandContext,
  { id, kind, roles, cardinality }: Exclusion,
  { stricter, concerned }: { readonly stricter: boolean; readonly concerned: readonly RoleId[] },
): Promise<void> {
  if (roles.length < cardinality) throw exclusionTooSmall({ roles: roles.length, cardinality })
  if (roles.length > mostRoles) throw exclusionTooLarge({ limit: mostRoles })
  if (kind === 'static') return requireSatisfied(em, [id], now)
  await requireNotOnResources(em, [id], now)
  // A stricter set takes roles away from sessions that use too many of them.
  for (const changed of concerned)
    if (stricter) invalidate(changed, { when: 'now' })
    else invalidate(changed, { when: 'soon' })
}

function emitExclusion(context: CommandContext, type: string, { id, organizationId, name, kind }: Exclusion): void {
  context.emit({ type, subject: id, organizationId, payload: { exclusionId: id, organizationId, name, kind } })
}
