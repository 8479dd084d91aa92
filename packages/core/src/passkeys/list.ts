import { defineQuery } from '../kernel/action.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import { namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import { PasskeyRow } from './entity.ts'
import { passkeysSignatures } from './signatures.ts'

export const list = defineQuery(passkeysSignatures.list, {
  allow: anyOf(granted, owner),
  target: namedOrOwnAccountTarget,
  async handle({ open, actor }, input) {
    const userId = namedUserOrCaller(actor, input)
    if (userId === null) throw unauthenticated({})
    const em = await open()
    return { passkeys: await em.find(PasskeyRow, { userId }, { orderBy: { id: 'asc' } }) }
  },
})
