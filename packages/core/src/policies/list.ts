import { defineQuery } from '../kernel/action.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { PolicyRow } from './entity.ts'
import { shownPolicy } from './repository.ts'
import { policiesSignatures } from './signatures.ts'

export const listPolicies = defineQuery(policiesSignatures.list, {
  allow: grantedEverywhere,
  async handle({ open, ports }, { limit, cursor, total }) {
    const scope = { action: policiesSignatures.list.name, filters: {}, viewer: 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const after = position === null ? {} : { name: { $gt: String(position[0]) } }
    const rows = await em.find(PolicyRow, after, { orderBy: { name: 'asc' }, limit: limit + 1 })
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ name }) => [name] })
    return { items: shown.map(shownPolicy), nextCursor, total: total ? await em.count(PolicyRow) : null }
  },
})
