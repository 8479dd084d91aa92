import { afterFactorRemoved, ensureAuthenticatorLeft } from '../authenticators/index.ts'
import { defineCommand } from '../kernel/action.ts'
import { notFound } from '../kernel/errors.ts'
import { owner } from '../kernel/rule.ts'
import { ownAccount } from '../users/index.ts'
import { PasskeyRow } from './entity.ts'
import { passkeysSignatures } from './signatures.ts'
import { passkeyTarget } from './target.ts'

export const remove = defineCommand(passkeysSignatures.remove, {
  allow: owner,
  takesPrecedence: 'everywhere',
  target: passkeyTarget,
  requiresRecentAuth: true,
  async handle(context, { passkeyId }) {
    const { em } = context
    const user = await ownAccount(context)
    if ((await em.nativeDelete(PasskeyRow, { id: passkeyId, userId: user.id })) === 0) throw notFound({ type: 'passkey' })
    await ensureAuthenticatorLeft(context, user.id)
    const { sessionsEnded } = await afterFactorRemoved(context, user)
    context.note({ changes: { sessionsEnded } })
    context.emit({ type: 'passkeys.removed', subject: user.id, organizationId: null, payload: { userId: user.id, passkeyId } })
    return { sessionsEnded }
  },
})
