import { defineCommand } from '../kernel/action.ts'
import { signedIn } from '../kernel/rule.ts'
import { ownAccount, ownAccountTarget } from '../users/index.ts'
import { afterFactorRemoved } from './change.ts'
import { TotpFactorRow } from './entity.ts'
import { noTotp } from './errors.ts'
import { secondFactorsOf } from './repository.ts'
import { factorsSignatures } from './signatures.ts'

export const disableTotp = defineCommand(factorsSignatures.disableTotp, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  target: ownAccountTarget,
  requiresRecentAuth: true,
  async handle(context) {
    const user = await ownAccount(context)
    const { totp } = await secondFactorsOf(context.em, user.id)
    if (totp === null) throw noTotp({})
    await context.em.nativeDelete(TotpFactorRow, { userId: user.id })
    const { sessionsEnded } = await afterFactorRemoved(context, user)
    context.note({ changes: { sessionsEnded } })
    context.emit({ type: 'factors.totpDisabled', subject: user.id, organizationId: null, payload: { userId: user.id } })
    return { sessionsEnded }
  },
})
