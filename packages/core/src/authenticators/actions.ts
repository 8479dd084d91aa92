import { isPrivileged } from '../grants/index.ts'
import { renderSVG } from 'uqr'
import { change } from '../kernel/row.ts'
import { defineCommand, defineQuery } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { anyOf, granted, owner, signedIn } from '../kernel/rule.ts'
import { asksForFactor } from '../principals/index.ts'
import {
  existingUser,
  type UserRow,
  namedOrOwnAccountTarget,
  namedUserOrCaller,
  controlledAccountTarget,
  overAccount,
  ownAccountTarget,
  ownAccount,
} from '../users/index.ts'
import { openKey, sealKey } from './verify-totp.ts'
import { afterFactorAdded, afterFactorRemoved, requireMayEnrol } from './change.ts'
import { RecoveryCodeRow, TotpFactorRow } from './entity.ts'
import { noFactor, noTotp, notBegun, wrongCode } from './errors.ts'
import { codeCount, hashOfCode, newRecoveryCode } from './recovery-codes.ts'
import { secondFactorsOf, hasFactor } from './repository.ts'
import { resetFactors } from './reset.ts'
import { factorsSignatures } from './signatures.ts'
import { keyUri, newKey, stepOf } from './totp.ts'

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
    return { uri, key, qr: renderSVG(uri, { border: 4 }) }
  },
})

/** The code proves that an app has the key. Only then does it take the place of the one before. */
export const activateTotp = defineCommand(factorsSignatures.activateTotp, {
  allow: signedIn,
  takesPrecedence: true,
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

export const disableTotp = defineCommand(factorsSignatures.disableTotp, {
  allow: signedIn,
  takesPrecedence: true,
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

/** New codes in the place of all old ones, also of those that were used. */
async function replaceRecoveryCodes({ em, now, newId, ports }: CommandContext, user: UserRow): Promise<string[]> {
  const codes = Array.from({ length: codeCount }, () => newRecoveryCode(ports))
  await em.nativeDelete(RecoveryCodeRow, { userId: user.id })
  for (const code of codes) {
    const hash = await hashOfCode(ports, user.id, code)
    em.persist(em.create(RecoveryCodeRow, { id: newId('rec'), userId: user.id, hash, createdAt: now, usedAt: null }))
  }
  return codes
}

export const reset = defineCommand(factorsSignatures.reset, {
  allow: overAccount,
  takesPrecedence: true,
  target: controlledAccountTarget,
  requiresRecentAuth: true,
  async handle(context, { userId, reason }) {
    const taken = await resetFactors(context, await existingUser(context.em, userId))
    context.note({ changes: { reason: reason ?? null, ...taken } })
    return taken
  },
})
