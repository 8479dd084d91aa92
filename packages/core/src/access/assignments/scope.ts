import type { CommandContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { isId, uuidOf } from '../../kernel/id.ts'
import { organizationInactive, type OrganizationStatus } from '../../organizations/index.ts'
import type { ScopeInput } from '../model.ts'
import { findScope } from '../facts/scopes.ts'
import { scopeTarget } from './targets.ts'
import type { ScopeColumns } from './repository.ts'

/** The scope of an assignment. An actor who may do everything everywhere gets to the handler even if it does not exist. */
export async function existingScope({ em }: CommandContext, on: ScopeInput): Promise<Scope> {
  const scope = await findScope(em, on)
  if (scope === null) throw notFound({ type: scopeTarget.type })
  return scope
}

/** Locks the scope, so that it exists until the transaction ends. Nothing is assigned or revoked in an inactive organization. */
export async function lockScope({ em }: CommandContext, { kind, organizationId, path }: Scope): Promise<void> {
  const [id = ''] = path
  const held =
    kind === 'team'
      ? await em.execute<unknown[]>('select 1 from teams where id = ? and deleted_at is null for key share', [uuidOf(id)])
      : kind === 'resource'
        ? await em.execute<unknown[]>('select 1 from resources where id = ? and deleted_at is null for share', [uuidOf(id)])
        : [id]
  if (held.length === 0) throw notFound({ type: scopeTarget.type })
  if (organizationId === null) return
  const [organization] = await em.execute<{ status: OrganizationStatus }[]>('select status from organizations where id = ?', [
    uuidOf(organizationId),
  ])
  const status = organization?.status ?? 'archived'
  if (status !== 'active') throw organizationInactive({ status })
}

/** The scope as columns of an assignment. */
export function scopeColumnsOf({ kind, organizationId, path }: Scope): ScopeColumns {
  const [id = ''] = path
  return {
    kind,
    organizationId,
    teamId: kind === 'team' && isId('team', id) ? id : null,
    resourceId: kind === 'resource' && isId('res', id) ? id : null,
  }
}
