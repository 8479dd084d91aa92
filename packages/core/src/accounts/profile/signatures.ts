import { z } from 'zod'
import { changes, group, reads } from '../../kernel/signature.ts'
import { versionRead } from '../../kernel/version.ts'
import { organizationId, userId } from '../../kernel/ids.ts'
import { mailNotConfigured, tooManyMails } from '../../mail/errors.ts'
import { claimFirst, tooManyAddresses } from '../errors.ts'
import {
  emailTaken,
  lastSuperadmin,
  lockedByOperator,
  managedAddress,
  usernameTaken,
  wouldLockOut,
  policyUnknown,
} from '../../users/errors.ts'
import {
  avatarUrl,
  Container,
  description,
  displayName,
  email,
  fullName,
  locale,
  ManagedUser,
  metadata,
  phone,
  preferences,
  resourcePolicy,
  timezone,
  OwnUser,
  username,
} from '../../users/model.ts'
import { allowedIps } from '../../kernel/allowed-ips.ts'

/** What users may change about themselves. A patch: an absent field stays, `null` clears, a value sets. */
const own = {
  version: versionRead,
  username: username.optional(),
  email: email.nullable().optional(),
  fullName: fullName.nullable().optional(),
  displayName: displayName.nullable().optional(),
  phone: phone.nullable().optional().meta({ description: 'with its country code: +41446681800' }),
  avatarUrl: avatarUrl.nullable().optional(),
  locale: locale.nullable().optional().meta({ description: 'a BCP 47 language tag: de-CH' }),
  timezone: timezone.nullable().optional().meta({ description: 'an IANA time zone: Europe/Berlin' }),
  description: description.nullable().optional(),
  allowedIps: allowedIps.optional().meta({ description: 'addresses or CIDR blocks to act from; your own need a fresh proof' }),
}

/** The fields that only administrators of the installation may set. */
export const installationFields = [
  'emailVerified',
  'resourcePolicy',
  'sudoSessionEnabled',
  'container',
  'privateMetadata',
  'isBot',
  'isScanner',
] as const

/** What an administrator may change about a user; `users.bulkUpdate` takes the same. */
export const userPatch = {
  ...own,
  preferences: preferences.optional().meta({ description: 'what applications keep for their user: a JSON object of up to 16 KB' }),
  publicMetadata: metadata.optional(),
  needPasswordChange: z.boolean().optional().meta({ description: 'the next sign-in asks for a new password' }),
  emailVerified: z.boolean().optional().meta({ description: 'the address counts as confirmed, without a mail' }),
  resourcePolicy: resourcePolicy.nullable().optional(),
  sudoSessionEnabled: z.boolean().optional(),
  container: Container.nullable().optional(),
  privateMetadata: metadata.optional(),
  isBot: z.boolean().optional(),
  isScanner: z.boolean().optional(),
}

/** The actions of `users` that are made here. */
export const profileSignatures = group('users', {
  get: reads({
    summary: 'Show a user',
    grantedTo: ['admin'],
    input: z.strictObject({ userId }),
    output: ManagedUser,
  }),
  find: reads({
    summary: 'Find a user by id, email or username',
    grantedTo: ['admin'],
    input: z.strictObject({
      identifier: z.string().min(1).max(320).meta({ description: 'an id, an email address or a username' }),
      organizationId: organizationId.optional().meta({ description: 'only among the users that this organization manages' }),
    }),
    output: ManagedUser.nullable(),
  }),
  update: changes({
    summary: 'Change a user',
    grantedTo: ['admin'],
    errors: [emailTaken, usernameTaken, managedAddress, wouldLockOut, lastSuperadmin, lockedByOperator, policyUnknown, claimFirst],
    input: z.strictObject({ userId, ...userPatch }),
    output: ManagedUser,
  }),
  updateCurrent: changes({
    summary: 'Change your own profile',
    errors: [
      usernameTaken,
      managedAddress,
      wouldLockOut,
      lastSuperadmin,
      lockedByOperator,
      claimFirst,
      tooManyAddresses,
      mailNotConfigured,
      tooManyMails,
    ],
    input: z.strictObject({
      ...own,
      email: email.nullable().optional().meta({
        description: 'another one is pending until you follow the link that is mailed to it; the present one gives up what is pending',
      }),
      force: z.boolean().default(false).meta({ description: 'also if the allowed addresses would exclude the one you call from' }),
    }),
    output: OwnUser,
  }),
  updatePreferences: changes({
    summary: 'Change some of your preferences, and keep the others',
    input: z.strictObject({
      preferences: preferences.meta({ description: 'a JSON merge patch (RFC 7396): null removes a key, objects are merged' }),
      version: versionRead,
    }),
    output: z.object({ preferences: z.record(z.string(), z.json()), version: z.int() }),
  }),
})
