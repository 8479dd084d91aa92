import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { mailNotConfigured } from '../mail/index.ts'
import { existingUser, type UserRow } from '../users/index.ts'
import { checkedRedirect } from '../verifications/index.ts'

/** Fails early if mail is not configured or the redirect is not allowed. */
export function requireMail({ ports, settings }: PrepareContext, { redirectTo }: { readonly redirectTo?: string | undefined }): void {
  if (!ports.mailer.isConfigured) throw mailNotConfigured({})
  checkedRedirect(settings, redirectTo)
}

export function verificationSent({ binding, expiresAt }: { readonly binding: string | null; readonly expiresAt: Date }) {
  if (binding === null) throw new TypeError('These verifications are always bound to the browser that asked.')
  return { status: 'verificationSent' as const, binding, expiresAt }
}

export async function callerAccount({ em, actor }: CommandContext): Promise<UserRow> {
  if (actor.kind !== 'user') throw unauthenticated({})
  return existingUser(em, actor.principal.userId)
}
