import type { z } from 'zod'
import type { CommandContext } from '../kernel/context.ts'
import { withOperatorFields } from '../kernel/rule.ts'
import { addressNotManaged, ownsDomainOf, takeSeat, type OrganizationId } from '../organizations/index.ts'
import { username as usernameSchema } from '../users/index.ts'
import { insertUser, type Account } from './account.ts'
import type { newUser } from './signatures.ts'

export type NewUser = z.output<z.ZodObject<typeof newUser>>

/** What of a new user only those may say who may make users everywhere. */
export const asToldByOperators = withOperatorFields('privateMetadata')

/** Makes an account as `users.create` takes it, with its password hashed already; at home in an organization, if one is named. */
export async function createAccount(
  context: CommandContext,
  { email, username, emailVerified, needPasswordChange, kind, password: _, ...profile }: NewUser,
  passwordHash: string | null,
  organizationId: OrganizationId | null,
): Promise<Account> {
  if (organizationId !== null) await takeHome(context, organizationId, email ?? null)
  return insertUser(context, {
    username: username ?? usernameFor(email ?? ''),
    usernameIsOurs: username === undefined,
    email: email ?? null,
    emailVerified,
    status: 'active',
    kind,
    passwordHash,
    needPasswordChange,
    homeOrganizationId: organizationId,
    profile,
  })
}

/** An organization makes accounts only for addresses that it has proved to be its own; whoever administers the installation is free. */
async function takeHome({ em, actor }: CommandContext, organizationId: OrganizationId, email: string | null): Promise<void> {
  await takeSeat(em, organizationId)
  if (actor.kind === 'system' || email === null) return
  if (actor.kind === 'user' && actor.principal.grants.allowsEverywhere('users.create')) return
  if (!(await ownsDomainOf(em, organizationId, email))) throw addressNotManaged({})
}

/** A username for somebody who gave none: what stands before the "@". */
export function usernameFor(email: string): string {
  const local = email
    .slice(0, email.indexOf('@'))
    .replaceAll(/[^\p{L}\p{N}._+-]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 50)
  const wanted = usernameSchema.safeParse(local)
  return wanted.success ? wanted.data : 'user'
}
