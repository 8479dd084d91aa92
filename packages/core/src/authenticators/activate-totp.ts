import { defineCommand } from '../kernel/action.ts'
import { change } from '../kernel/row.ts'
import { signedIn } from '../kernel/rule.ts'
import { ownAccount, ownAccountTarget } from '../users/index.ts'
import { afterFactorAdded, requireMayEnrol } from './change.ts'
import { TotpFactorRow } from './entity.ts'
import { notBegun, wrongCode } from './errors.ts'
import { replaceRecoveryCodes } from './recovery-codes.ts'
import { factorsSignatures } from './signatures.ts'
import { keyUri, newKey, qrCode, stepOf } from './totp.ts'
import { openKey, sealKey } from './verify-totp.ts'

export const beginTotp = defineCommand(factorsSignatures.beginTotp, {
  allow: signedIn,
  target: ownAccountTarget,
  handlesSecret: true,
  requiresRecentAuth: true,
  duringPendingStep: true,
  async handle(context) {
    await requireMayEnrol(context, 'totp')
    const { em, now, newId, ports, settings } = context
    const user = await ownAccount(context)
    const key = newKey(ports.random)
    const pendingKey = await sealKey(ports, user.id, key)
    const factor = await em.findOne(TotpFactorRow, { userId: user.id })
    if (factor !== null) factor.pendingKey = pendingKey
    else {
      const row = { userId: user.id, id: newId('fac'), sealedKey: null, pendingKey, createdAt: now, activatedAt: null, lastStep: null }
      em.persist(em.create(TotpFactorRow, row))
    }
    await em.flush()
    const uri = keyUri(key, new URL(settings.publicUrl).hostname, user.email ?? user.username)
    return { uri, key, qr: qrCode(uri) }
  },
})

/** The code proves that an app has the key. Only then does it take the place of the one before. */
export const activateTotp = defineCommand(factorsSignatures.activateTotp, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  target: ownAccountTarget,
  handlesSecret: true,
  requiresRecentAuth: true,
  duringPendingStep: true,
  async handle(context, { code }) {
    await requireMayEnrol(context, 'totp')
    const { em, now, ports } = context
    const user = await ownAccount(context)
    const factor = await em.findOne(TotpFactorRow, { userId: user.id })
    const sealedKey = factor?.pendingKey ?? null
    const key = sealedKey === null ? null : await openKey(ports, user.id, sealedKey)
    if (factor === null || key === null) throw notBegun({})
    const step = stepOf(key, code, now)
    if (step === null) throw wrongCode({})
    change(factor, { sealedKey, pendingKey: null, activatedAt: now, lastStep: String(step) })
    const recoveryCodes = await replaceRecoveryCodes(context, user)
    const { sessionsEnded } = await afterFactorAdded(context, user)
    context.note({ changes: { sessionsEnded } })
    context.emit({ type: 'factors.totpActivated', subject: user.id, organizationId: null, payload: { userId: user.id } })
    return { activatedAt: now, recoveryCodes, sessionsEnded }
  },
})
