import { z } from 'zod'
import { excluded } from '../access/errors.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { singleLine } from '../text/index.ts'
import { addressNotManaged, organizationInactive, memberLimitReached } from '../organizations/errors.ts'
import { OrganizationSummary, membershipRole } from '../organizations/model.ts'
import { organizationId, userId } from '../kernel/ids.ts'
import { placeInInput } from '../kernel/input.ts'
import { newPasswordErrors } from '../passwords/errors.ts'
import { newPassword } from '../passwords/model.ts'
import { WhoAmI } from '../sessions/model.ts'
import { signedCredential } from '../tokens/errors.ts'
import { IssuedToken } from '../tokens/model.ts'
import { emailTaken, usernameTaken } from '../users/errors.ts'
import {
  avatarUrl,
  description,
  displayName,
  email,
  fullName,
  locale,
  ManagedUser,
  metadata,
  phone,
  preferences,
  timezone,
  OwnUser,
  userKind,
  username,
} from '../users/model.ts'
import { onlyAdministratorsCreate, unreadableUser } from './errors.ts'
import { importedRecords, recordSource } from './import/record-model.ts'
import { keycloakRealm } from './keycloak/model.ts'

/** Of each user that is created. */
export const newUserErrors = [
  ...newPasswordErrors,
  emailTaken,
  usernameTaken,
  memberLimitReached,
  organizationInactive,
  addressNotManaged,
  onlyAdministratorsCreate,
]

/** The fields of a new user. */
export const newUser = {
  email: email.optional(),
  username: username.optional().meta({ description: 'taken from the email address when it is left out' }),
  password: newPassword.optional(),
  emailVerified: z.boolean().default(false),
  needPasswordChange: z.boolean().default(false),
  kind: userKind.exclude(['anonymous']).default('human'),
  fullName: fullName.optional(),
  displayName: displayName.optional(),
  phone: phone.optional(),
  avatarUrl: avatarUrl.optional(),
  locale: locale.optional(),
  timezone: timezone.optional(),
  description: description.optional(),
  preferences: preferences.optional(),
  publicMetadata: metadata.optional(),
  privateMetadata: metadata.optional(),
}

/** At least one of email and username is needed. */
export function isNamed({ email, username }: { email?: string | undefined; username?: string | undefined }): boolean {
  return email !== undefined || username !== undefined
}
export const unnamed = { path: ['email'], error: '`email` or `username` is needed' }

/** The most users per call; more take several calls, each with a transaction of its own. */
export const largestImport = 1000

/** The actions of `users` that are made here. */
export const accountsSignatures = group('users', {
  create: changes({
    summary: 'Create a user',
    grantedTo: ['admin'],
    errors: newUserErrors,
    input: z
      .strictObject({
        ...newUser,
        organizationId: organizationId
          .optional()
          .meta({ description: 'its home: the organization that manages it, and that it becomes a member of' }),
        ifAbsent: z.boolean().default(false).meta({ description: 'answer null instead of failing when the email or username is taken' }),
      })
      .refine(isNamed, unnamed),
    output: ManagedUser.nullable(),
  }),
  current: reads({
    summary: 'Show your account, roles, permissions and memberships',
    errors: [signedCredential],
    input: z.strictObject({
      include: z
        .array(z.enum(['websocketToken', 'agentToken']))
        .max(2)
        .default([])
        .meta({ description: 'tokens to issue, each good for some minutes' }),
    }),
    output: z.object({
      user: OwnUser,
      roles: z.array(z.string()),
      permissions: z.array(z.string()).meta({ description: 'what you may do everywhere, as names of actions' }),
      organization: z.object({ id: OrganizationSummary.shape.id, slug: z.string() }).nullable(),
      memberships: z.array(z.object({ organization: OrganizationSummary, role: membershipRole })),
      session: WhoAmI.shape.session,
      pendingSteps: z.array(z.enum(['changePassword', 'verifyEmail', 'enrolFactor'])),
      websocketToken: IssuedToken.optional().meta({ description: 'only if it was asked for' }),
      agentToken: IssuedToken.optional().meta({ description: 'only if it was asked for' }),
    }),
  }),
  import: changes({
    summary: 'Import users from another system',
    inputLimit: 16 * 1024 ** 2,
    mostValues: 300_000,
    errors: [emailTaken, usernameTaken, unreadableUser, excluded],
    input: z.strictObject({
      format: z.enum(['keycloak']),
      realm: keycloakRealm,
      createRoles: z.boolean().default(false).meta({
        description: "create the realm's roles, which grant nothing until mapped, and assign them, also to users of an earlier import",
      }),
    }),
    output: z.object({
      created: z.int(),
      completed: z.int().meta({ description: 'users of an earlier import who got roles that it had left out' }),
      unchanged: z.int().meta({ description: 'users of an earlier import with nothing left to do' }),
      users: z.array(
        z.object({
          index: placeInInput,
          username: z.string().meta({ description: 'as it is here' }),
          userId,
          status: z.enum(['created', 'completed', 'unchanged']),
        }),
      ),
      rolesCreated: z.array(z.string()),
      rolesFailed: z.array(z.object({ index: placeInInput, name: z.string(), message: z.string() })),
      failed: z.array(z.object({ index: placeInInput, username: z.string(), code: z.string(), message: z.string() })),
      warnings: z.array(z.object({ index: placeInInput, username: z.string(), message: singleLine(500) })),
      lost: z
        .array(z.object({ what: z.string(), count: z.int(), users: z.int().nullable() }))
        .meta({ description: 'what the file has that is not taken over: how many of it there are, and how many users have it' }),
    }),
  }),
  importRecords: changes({
    summary: 'Import users with the password hashes of other systems',
    inputLimit: 16 * 1024 ** 2,
    mostValues: 300_000,
    errors: [emailTaken, usernameTaken, unreadableUser],
    input: z.strictObject({ source: recordSource, users: importedRecords }),
    output: z.object({
      created: z.int(),
      unchanged: z.int().meta({ description: 'users of an earlier import' }),
      users: z.array(
        z.object({
          index: placeInInput,
          username: z.string().meta({ description: 'as it is here' }),
          userId,
          status: z.enum(['created', 'unchanged']),
        }),
      ),
      failed: z.array(z.object({ index: placeInInput, username: z.string(), code: z.string(), message: z.string() })),
      warnings: z
        .array(z.object({ index: placeInInput, username: z.string(), message: singleLine(500) }))
        .meta({ description: 'what was left out, such as a password hash, and why' }),
    }),
  }),
  hashes: reads({
    summary: 'Show how many passwords are held as hashes of which kind',
    input: z.strictObject({}),
    output: z.object({
      total: z.int(),
      kinds: z
        .array(z.object({ kind: z.string(), count: z.int() }))
        .meta({ description: 'such as argon2id, bcrypt, pbkdf2-sha256; all but argon2id are replaced as their users sign in' }),
    }),
  }),
})
