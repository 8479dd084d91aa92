import type { CommandContext } from '../../kernel/context.ts'
import { notFound } from '../../kernel/errors.ts'
import { isId, uuidOf } from '../../kernel/id.ts'
import { organizationInactive, type OrganizationStatus } from '../../organizations/index.ts'
import type { ScopeInput } from '../model.ts'
import { findPlace, type Place } from '../places.ts'
import { placeTarget } from './targets.ts'
import type { Scope } from './repository.ts'

/** The place that something is given on: whoever may everything everywhere is let through to the handler without one. */
export async function existingPlace({ em }: CommandContext, on: ScopeInput): Promise<Place> {
  const place = await findPlace(em, on)
  if (place === null) throw notFound({ type: placeTarget.type })
  return place
}

/** Sees to it that the place is there until this transaction is over. Nothing is given or taken in an organization that is not active. */
export async function keepPlace({ em }: CommandContext, { kind, organizationId, within }: Place): Promise<void> {
  const [id = ''] = within
  const held =
    kind === 'team'
      ? await em.execute<unknown[]>('select 1 from teams where id = ? and deleted_at is null for key share', [uuidOf(id)])
      : kind === 'resource'
        ? await em.execute<unknown[]>('select 1 from resources where id = ? and deleted_at is null for share', [uuidOf(id)])
        : [id]
  if (held.length === 0) throw notFound({ type: placeTarget.type })
  if (organizationId === null) return
  const [organization] = await em.execute<{ status: OrganizationStatus }[]>('select status from organizations where id = ?', [
    uuidOf(organizationId),
  ])
  const status = organization?.status ?? 'archived'
  if (status !== 'active') throw organizationInactive({ status })
}

/** The place as the row of an assignment names it. */
export function scopeAt({ kind, organizationId, within }: Place): Scope {
  const [id = ''] = within
  return {
    kind,
    organizationId,
    teamId: kind === 'team' && isId('team', id) ? id : null,
    resourceId: kind === 'resource' && isId('res', id) ? id : null,
  }
}
