import { z } from 'zod'
import { command, query } from '../kernel/signature.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
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
  userStatus,
} from './model.ts'

export const getUserSignature = query('users.get', {
  summary: 'Show a user',
  input: z.strictObject({ userId }),
  output: User,
})

export const findUserSignature = query('users.find', {
  summary: 'Find a user by id, email or username',
  input: z.strictObject({ identifier: z.string().min(1).max(320).meta({ description: 'an id, an email address or a username' }) }),
  output: User.nullable(),
})

export const listUsersSignature = query('users.list', {
  summary: 'List users, newest first',
  input: z.strictObject({
    ...pageInput,
    status: userStatus.optional(),
    kind: userKind.optional(),
    total: z.boolean().default(false).meta({ description: 'also count every user that matches' }),
  }),
  output: pageOf(User).extend({ total: z.int().nullable() }),
})

/** A patch: absent leaves, `null` clears, a value sets. What has no `null` here cannot be cleared. */
export const updateUserSignature = command('users.update', {
  summary: 'Change a user',
  input: z.strictObject({
    userId,
    version: z.int().optional().meta({ description: 'the version you read; the update is refused when somebody changed it since' }),
    username: username.optional(),
    email: email.nullable().optional(),
    fullName: fullName.nullable().optional(),
    displayName: displayName.nullable().optional(),
    avatarUrl: avatarUrl.nullable().optional(),
    locale: locale.nullable().optional(),
    timezone: timezone.nullable().optional(),
    description: description.nullable().optional(),
    preferences: preferences.optional(),
  }),
  output: User,
})
