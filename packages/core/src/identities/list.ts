import { defineQuery } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import { namedOrOwnAccountTarget } from '../users/index.ts'
import { IdentityRow } from './entity.ts'
import { shownIdentity } from './repository.ts'
import { identitiesSignatures } from './signatures.ts'

export const listIdentities = defineQuery(identitiesSignatures.list, {
  allow: anyOf(owner, granted),
  target: namedOrOwnAccountTarget,
  async handle({ actor, open, settings }, { userId = callerId(actor) }) {
    if (userId === null) throw unauthenticated({})
    const rows = await (await open()).find(IdentityRow, { userId }, { orderBy: { id: 'asc' } })
    return { items: rows.map((row) => shownIdentity(row, settings)) }
  },
})
