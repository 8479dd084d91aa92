import { z } from 'zod'
import { command, query } from '../kernel/signature.ts'
import { singleLine } from '../kernel/text.ts'
import { OrganizationSummary, membershipRole } from '../organizations/model.ts'
import { newPassword } from '../passwords/model.ts'
import { WhoAmI } from '../sessions/model.ts'
import {
  avatarUrl,
  description,
  displayName,
  email,
  fullName,
  locale,
  preferences,
  timezone,
  User,
  userId,
  userKind,
  username,
} from '../users/model.ts'
import { keycloakRealm } from './import/keycloak.ts'

export const createUserSignature = command('users.create', {
  summary: 'Create a user',
  input: z
    .strictObject({
      email: email.optional(),
      username: username.optional().meta({ description: 'taken from the email address when it is left out' }),
      password: newPassword.optional(),
      emailVerified: z.boolean().default(false),
      kind: userKind.exclude(['anonymous']).default('human'),
      fullName: fullName.optional(),
      displayName: displayName.optional(),
      avatarUrl: avatarUrl.optional(),
      locale: locale.optional(),
      timezone: timezone.optional(),
      description: description.optional(),
      preferences: preferences.optional(),
      ifAbsent: z.boolean().default(false).meta({ description: 'answer null instead of failing when the email or username is taken' }),
    })
    .refine(({ email, username }) => email !== undefined || username !== undefined, {
      path: ['email'],
      message: 'an email or a username is needed',
    }),
  output: User.nullable(),
})

export const currentUserSignature = query('users.current', {
  summary: 'Show who you are, and everything that is yours',
  input: z.strictObject({}),
  output: z.object({
    user: User,
    roles: z.array(z.string()),
    permissions: z.array(z.string()).meta({ description: 'what you may do everywhere, as names of actions' }),
    organization: z.object({ id: OrganizationSummary.shape.id, slug: z.string() }).nullable(),
    memberships: z.array(z.object({ organization: OrganizationSummary, role: membershipRole })),
    session: WhoAmI.shape.session,
    pendingSteps: z.array(z.enum(['changePassword', 'verifyEmail', 'enrolFactor'])),
  }),
})

/** Archiving is an action of its own: it has consequences that a change of status has not. */
const settableStatus = z.enum(['active', 'inactive', 'suspended'])

export const setUserStatusSignature = command('users.setStatus', {
  summary: 'Activate, deactivate or suspend a user',
  input: z.strictObject({
    userId,
    status: settableStatus,
    reason: singleLine(500).optional(),
    version: z.int().optional(),
  }),
  output: z.object({ user: User, sessionsEnded: z.int(), tokensEnded: z.int() }),
})

/** How many users one call takes: more go in several calls, each a transaction of its own. */
export const largestImport = 1000

export const importUsersSignature = command('users.import', {
  summary: 'Import users from another system',
  input: z.strictObject({
    format: z.enum(['keycloak']),
    realm: keycloakRealm,
    createRoles: z.boolean().default(false).meta({ description: "make the realm's roles, granting nothing until mapped, and assign them" }),
  }),
  output: z.object({
    created: z.int(),
    rolesCreated: z.array(z.string()),
    failed: z.array(z.object({ index: z.int(), username: z.string(), code: z.string(), message: z.string() })),
    warnings: z.array(z.object({ index: z.int(), username: z.string(), message: singleLine(500) })),
  }),
})
