import type { SqlEntityManager } from '@mikro-orm/sql'
import { lockRoleHierarchy } from './hierarchy-lock.ts'
import { requireNotOnResources, requireSatisfied } from '../separation/set-guard.ts'
import { setsOf } from '../separation/violations.ts'
import type { RoleId } from '../model.ts'
import { defineCommand } from '../../kernel/action.ts'
import { callerId } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { idOf, uuidOf, uuidOrNull, uuidsOf } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { loadNames } from '../facts/names.ts'
import { requireHeldRole, usableRoles } from './authority.ts'
import { rolesIncluding, inclusionsAround, largestClosure, refreshClosure } from './closure.ts'
import { cyclicRoles, tooManyInRole } from './errors.ts'
import { holdersOf, lockTeamsOf, requireHoldersLocked } from './holders.ts'
import { cycleOf, levelsThrough, mostInAll, mostLevels } from './hierarchy.ts'
import { lockedRole, existingRole, roleTarget, shownRole, bumpVersion } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

/** Holds the exclusive lock of the hierarchy: two concurrent changes could close a cycle that neither of them sees. */
export const setParents = defineCommand(signatures.setParents, {
  allow: granted,
  target: roleTarget,
  async prepare({ reader, now }: PrepareContext, { roleId, includes }) {
    return (await includedIn(reader, roleId)).every((id) => includes.includes(id)) ? [] : holdersOf(reader, roleId, now)
  },
  locks: (holders) => holders,
  async handle(context, { roleId, version, includes }) {
    const { em, actor } = context
    await lockTeamsOf(context, roleId)
    await lockRoleHierarchy(em, (await existingRole(em, roleId)).organizationId, 'change')
    const role = await lockedRole(em, roleId)
    expectVersion(role, version)
    await requireHeldRole(em, actor, role)
    const { organizationId } = role
    const before = (await shownRole(em, roleId)).includes.map(({ id }) => id)
    const added = [...new Set(includes)].filter((id) => !before.includes(id))
    const removed = before.filter((id) => !includes.includes(id))
    await usableRoles(em, actor, { roleIds: added, organizationId })
    if (added.length + removed.length === 0) return shownRole(em, roleId)
    await refuseCycle(em, roleId, added)
    if (removed.length > 0) await requireHoldersLocked(context, roleId)
    await addInclusions(context, roleId, added)
    await removeInclusions(context, roleId, removed)
    await propagate(context, roleId, { added, removed })
    await bumpVersion(context, roleId)
    context.note({ changes: { added, removed } })
    context.emit({ type: 'roles.parentsSet', subject: roleId, organizationId, payload: { roleId, organizationId, added, removed } })
    return shownRole(em, roleId)
  },
})

async function includedIn(em: SqlEntityManager, roleId: RoleId): Promise<readonly RoleId[]> {
  const rows = await em.execute<{ id: string }[]>(
    'select included_id::text as id from role_inclusions where role_id = ? and removed_at is null',
    [uuidOf(roleId)],
  )
  return rows.map(({ id }) => idOf('rol', id))
}

async function refuseCycle(em: SqlEntityManager, roleId: RoleId, added: readonly RoleId[]): Promise<void> {
  const cycle = cycleOf(await inclusionsAround(em, [roleId, ...added]), roleId, added)
  if (cycle === null) return
  const names = await loadNames(em, cycle.map(uuidOf))
  throw cyclicRoles({ cycle: cycle.map((id) => ({ id, name: names.get(uuidOf(id)) ?? id })) })
}

/** Applies the change to the closure of all including roles, and checks whoever has one of them. */
async function propagate(
  context: CommandContext,
  roleId: RoleId,
  { added, removed }: { readonly added: readonly RoleId[]; readonly removed: readonly RoleId[] },
): Promise<void> {
  const { em, now } = context
  const includers = await rolesIncluding(em, roleId)
  await refreshClosure(em, includers)
  await refuseTooLarge(em, roleId)
  const sets = added.length === 0 ? [] : await setsOf(em, includers)
  const [apart, inUse] = [sets.filter(({ kind }) => kind === 'static'), sets.filter(({ kind }) => kind === 'dynamic')]
  await requireSatisfied(
    em,
    apart.map(({ id }) => id),
    now,
  )
  await requireNotOnResources(
    em,
    inUse.map(({ id }) => id),
    now,
  )
  // Mutual exclusion can deactivate roles too: of too many in one session none is active.
  if (removed.length > 0 || inUse.length > 0) context.invalidate(roleId, { when: 'now' })
  else context.invalidate(roleId, { when: 'soon' })
}

/** Throws if the role, or one that includes it, has too many included roles or levels. */
export async function refuseTooLarge(em: SqlEntityManager, roleId: RoleId): Promise<void> {
  if ((await largestClosure(em, await rolesIncluding(em, roleId))) > mostInAll)
    throw tooManyInRole({ what: 'included roles', limit: mostInAll })
  if (levelsThrough(await inclusionsAround(em, [roleId]), roleId) > mostLevels) throw tooManyInRole({ what: 'levels', limit: mostLevels })
}

/** Inserts inclusions. The caller has checked that they are allowed. */
export async function addInclusions({ em, actor, now }: CommandContext, roleId: RoleId, included: readonly RoleId[]): Promise<void> {
  if (included.length === 0) return
  const caller = callerId(actor)
  await em.execute(
    `insert into role_inclusions (role_id, role_home, included_id, included_home, added_by, added_at)
      select r.id, r.home, i.id, i.home, ?::uuid, ?::timestamptz from roles r, roles i where r.id = ? and i.id = any(?::uuid[])`,
    [uuidOrNull(caller), now, uuidOf(roleId), uuidsOf(included)],
    'run',
  )
}

async function removeInclusions({ em, actor, now }: CommandContext, roleId: RoleId, included: readonly RoleId[]): Promise<void> {
  if (included.length === 0) return
  const caller = callerId(actor)
  await em.execute(
    'update role_inclusions set removed_at = ?, removed_by = ? where role_id = ? and included_id = any(?::uuid[]) and removed_at is null',
    [now, uuidOrNull(caller), uuidOf(roleId), uuidsOf(included)],
    'run',
  )
}
