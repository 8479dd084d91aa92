import type { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { allOf, granted, withInstallationFields } from '../kernel/rule.ts'
import { addressNotManaged, optionalOrganizationTarget, reserveMembership, type OrganizationId } from '../organizations/index.ts'
import { checkNewPassword, hashPassword } from '../passwords/index.ts'
import { emailTaken, ownsDomainOf, usernameFrom, usernameTaken, type Account } from '../users/index.ts'
import { insertUser } from './account.ts'
import { onlyAdministratorsCreate } from './errors.ts'
import { accountsSignatures, type newUser } from './signatures.ts'

/** Only who may create users everywhere may set these. */
export const mayGivePrivateMetadata = withInstallationFields('privateMetadata')

export const createUser = defineCommand(accountsSignatures.create, {
  allow: allOf(granted, mayGivePrivateMetadata),
  target: optionalOrganizationTarget,
  async prepare({ ports, settings }, { password, ...owner }) {
    if (password === undefined) return null
    await checkNewPassword(settings, password, owner)
    return hashPassword(ports.hasher, password)
  },
  async handle(context, { ifAbsent, organizationId = null, ...input }, passwordHash) {
    const create = () => createAccount(context, input, passwordHash, organizationId)
    if (!ifAbsent) return noted(context, await create())
    const result = await context.attempt(create)
    if (result.ok) return noted(context, result.value)
    if (result.error.code === emailTaken.code || result.error.code === usernameTaken.code) return null
    throw result.error
  },
})

function noted(context: CommandContext, user: Account): Account {
  context.note({ target: { type: 'user', id: user.id } })
  return user
}

export type NewUser = z.output<z.ZodObject<typeof newUser>>

/** Creates an account from the input of `users.create`, its password already hashed; with an organization, that becomes its home. */
export async function createAccount(
  context: CommandContext,
  { email, username, emailVerified, needPasswordChange, kind, password: _, ...profile }: NewUser,
  passwordHash: string | null,
  organizationId: OrganizationId | null,
): Promise<Account> {
  ensureMayCreate(context)
  if (organizationId !== null) await ensureMayBeHome(context, organizationId, email ?? null)
  return insertUser(context, {
    username: username ?? usernameFrom(email),
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

/** Anybody may found an organization: where sign-up is closed, that must not be a way to make accounts. */
function ensureMayCreate({ actor, settings }: CommandContext): void {
  if (settings.signUp !== 'closed' || actor.kind === 'system') return
  if (actor.kind !== 'user' || !actor.principal.grants.allowsEverywhere('users.create')) throw onlyAdministratorsCreate({})
}

/** An organization creates accounts only for addresses in its verified domains; administrators of the installation may use any. */
async function ensureMayBeHome({ em, actor }: CommandContext, organizationId: OrganizationId, email: string | null): Promise<void> {
  await reserveMembership(em, organizationId)
  if (actor.kind === 'system' || email === null) return
  if (actor.kind === 'user' && actor.principal.grants.allowsEverywhere('users.create')) return
  if (!(await ownsDomainOf(em, organizationId, email))) throw addressNotManaged({})
}
