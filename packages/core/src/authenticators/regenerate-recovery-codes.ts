import { defineCommand } from '../kernel/action.ts'
import { signedIn } from '../kernel/rule.ts'
import { ownAccount, ownAccountTarget } from '../users/index.ts'
import { noFactor } from './errors.ts'
import { replaceRecoveryCodes } from './recovery-codes.ts'
import { hasFactor, secondFactorsOf } from './repository.ts'
import { factorsSignatures } from './signatures.ts'

export const regenerateRecoveryCodes = defineCommand(factorsSignatures.regenerateRecoveryCodes, {
  allow: signedIn,
  target: ownAccountTarget,
  handlesSecret: true,
  requiresRecentAuth: true,
  async handle(context) {
    const user = await ownAccount(context)
    if (!hasFactor(await secondFactorsOf(context.em, user.id))) throw noFactor({})
    const recoveryCodes = await replaceRecoveryCodes(context, user)
    await context.em.flush()
    context.emit({ type: 'factors.recoveryCodesRegenerated', subject: user.id, organizationId: null, payload: { userId: user.id } })
    return { recoveryCodes }
  },
})
