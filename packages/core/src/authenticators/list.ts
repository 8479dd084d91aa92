import { isPrivileged } from '../grants/index.ts'
import { defineQuery } from '../kernel/action.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import { asksForFactor } from '../principals/index.ts'
import { existingUser, namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import { secondFactorsOf } from './repository.ts'
import { factorsSignatures } from './signatures.ts'

export const list = defineQuery(factorsSignatures.list, {
  allow: anyOf(granted, owner),
  target: namedOrOwnAccountTarget,
  async handle({ open, actor, settings }, input) {
    const em = await open()
    const userId = namedUserOrCaller(actor, input)
    if (userId === null) throw unauthenticated({})
    const { needFactor } = await existingUser(em, userId)
    const { totp, ...counts } = await secondFactorsOf(em, userId)
    const required = needFactor || asksForFactor(settings, await isPrivileged(em, userId))
    return { totp: totp === null ? null : { activatedAt: new Date(totp) }, ...counts, required }
  },
})
