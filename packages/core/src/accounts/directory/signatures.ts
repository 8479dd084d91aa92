import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { group, reads } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { organizationId, userId } from '../../kernel/ids.ts'
import { ManagedUser, userKind, userStatus } from '../../users/model.ts'
import { userFilter } from './filter.ts'

/** Without it, all users of the installation, for those who may see them; with it, those whom the organization manages. */
const within = {
  organizationId: organizationId.optional().meta({ description: 'only users that this organization manages' }),
}

const userSort = z.enum(['createdAt', 'updatedAt', 'lastSeenAt', 'username', 'email'])
export type UserSort = z.infer<typeof userSort>

const selection = {
  ...within,
  status: userStatus.optional(),
  kind: userKind.optional(),
  where: userFilter.optional(),
}

const Activity = {
  lastSeenAt: z.date().nullable().meta({ description: 'exact to about a minute' }),
  activeSessions: z.int(),
}

/** The actions of `users` that are made here. */
export const directorySignatures = group('users', {
  list: reads({
    summary: 'List users, newest first',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      ...selection,
      sortBy: userSort.default('createdAt'),
      order: z.enum(['asc', 'desc']).optional().meta({ description: 'default: desc for times, asc for names' }),
      total: z.boolean().default(false).meta({ description: 'also count every user that matches' }),
    }),
    output: pageOf(ManagedUser).extend({ total: z.int().nullable() }),
  }),
  search: reads({
    summary: 'Search users by username, email and full name',
    grantedTo: ['admin'],
    input: z.strictObject({
      query: singleLine(200)
        .pipe(z.string().regex(/[\p{L}\p{N}]/u, 'at least one letter or digit'))
        .meta({
          description:
            'part of a username, an email address or a full name; without three letters or digits in a row the beginning of one. The last page, or the only one when nothing holds it, has some users who hold it with one letter missing, too many, wrong or swapped',
        }),
      ...pageInput,
      ...selection,
      total: z
        .boolean()
        .default(false)
        .meta({ description: 'also count every user that holds the text; those that are similar are not counted' }),
    }),
    output: pageOf(
      ManagedUser.extend({ match: z.enum(['exact', 'prefix', 'substring', 'similar']).meta({ description: 'how it was found' }) }),
    ).extend({ total: z.int().nullable() }),
  }),
  count: reads({
    summary: 'Count users',
    grantedTo: ['admin'],
    input: z.strictObject(selection),
    output: z.object({ count: z.int() }),
  }),
  stats: reads({
    summary: 'Show how many users there are, by kind and status, and how many are new',
    grantedTo: ['admin'],
    input: z.strictObject(within),
    output: z.object({
      total: z.int(),
      created24h: z.int(),
      created7d: z.int(),
      created30d: z.int(),
      active: z.int(),
      suspended: z.int(),
      admins: z.int().meta({ description: 'users who hold the role superadmin; in an organization, its owners and admins' }),
      anonymous: z.int(),
      bots: z.int(),
      oldest: z.date().nullable(),
      newest: z.date().nullable(),
      byStatus: z.record(userStatus, z.int()),
      byRole: z.record(z.string(), z.int()),
    }),
  }),
  activity: reads({
    summary: 'Show when a user was last active, and its sessions, tokens and sign-ins',
    grantedTo: ['admin'],
    input: z.strictObject({ userId }),
    output: z.object({
      userId,
      ...Activity,
      sessions: z.int().meta({ description: 'all there ever were' }),
      activeTokens: z.int(),
      organizations: z.int(),
      signIns: z.object({ succeeded: z.int(), failed: z.int(), lastSucceededAt: z.date().nullable(), lastFailedAt: z.date().nullable() }),
    }),
  }),
  listWithSessions: reads({
    summary: 'List users with the number of their active sessions',
    grantedTo: ['admin'],
    input: z.strictObject({ ...pageInput, ...selection }),
    output: pageOf(z.object({ user: ManagedUser, ...Activity })),
  }),
})
