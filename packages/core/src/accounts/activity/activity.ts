import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import type { OrganizationId } from '../../organizations/index.ts'
import { accountTarget, type UserId } from '../../users/index.ts'
import { directorySignatures } from '../directory/signatures.ts'
import { absent, historyOf, presenceOf } from './repository.ts'

export const userActivity = defineQuery(directorySignatures.activity, {
  oneSnapshot: true,
  allow: anyOf(granted, owner),
  target: accountTarget,
  async handle({ open, now, actor }, { userId }) {
    const em = await open()
    const known = organizationsKnownTo(actor, userId)
    const presence = (await presenceOf(em, [userId], now)).get(userId) ?? absent
    return { userId, ...presence, ...(await historyOf(em, userId, known, now)) }
  },
})

/** The organizations that the caller may know the user belongs to: a managing organization must not learn of others. null: all of them. */
function organizationsKnownTo(actor: Actor, userId: UserId): readonly OrganizationId[] | null {
  if (actor.kind !== 'user') return null
  const { userId: self, grants, memberships } = actor.principal
  if (self === userId || grants.allowsEverywhere(directorySignatures.activity.name)) return null
  return memberships.map(({ organizationId }) => organizationId)
}
