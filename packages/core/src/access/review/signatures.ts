import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { group, reads } from '../../kernel/signature.ts'
import { organizationId } from '../../organizations/model.ts'
import { tokenId } from '../../tokens/model.ts'
import { userId } from '../../users/model.ts'
import { Assignment, assignmentId, roleId, teamReference } from '../model.ts'

/** In the order in which they are listed. */
const reviewKinds = ['grants', 'roles', 'tokens'] as const
export type ReviewKind = (typeof reviewKinds)[number]

/** Something that nobody seems to need. */
export const ReviewItem = z.object({
  kind: z.enum(['grant', 'role', 'token']),
  id: z.union([assignmentId, roleId, tokenId]),
  name: z.string().meta({ description: 'the role or permission that was given, the role, or the token' }),
  reason: z.enum(['neverUsed', 'unused', 'unassigned']).meta({
    description: 'neverUsed: no use is known; unused: the last one is longer ago; unassigned: a role that nobody has',
  }),
  subject: z
    .object({ kind: z.enum(['user', 'team']), id: z.union([userId, teamReference]), name: z.string() })
    .nullable()
    .meta({ description: 'who has it; null: a role' }),
  scope: Assignment.shape.scope.nullable().meta({ description: 'where a grant counts' }),
  organizationId: organizationId.nullable(),
  lastUsedAt: z.date().nullable().meta({ description: 'the last use that is known: of a permission of it, where it counts; to the hour' }),
  since: z.date().meta({ description: 'when it was given, or made' }),
  givenBy: userId.nullable().meta({ description: 'by whom; null: the operator of the machine, or an identity provider' }),
  remedy: z
    .object({ action: z.string(), input: z.record(z.string(), z.string()) })
    .meta({ description: 'the call that would take it away' }),
})
export type ReviewItem = z.infer<typeof ReviewItem>

/** The actions of `access` that are made here. */
export const reviewSignatures = group('access', {
  review: reads({
    summary: 'List grants, roles and API tokens that nobody used for a while',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      organizationId: organizationId.optional().meta({ description: 'only what counts in this organization (default: everywhere)' }),
      unusedDays: z.int().min(1).max(3650).default(90).meta({ description: 'days without a use' }),
      kinds: z
        .array(z.enum(reviewKinds))
        .min(1)
        .optional()
        .transform((kinds) => reviewKinds.filter((kind) => kinds === undefined || kinds.includes(kind)))
        .meta({ description: 'what to look at: grants, roles, tokens (default: all)' }),
    }),
    output: pageOf(ReviewItem).extend({
      unusedSince: z.date().meta({ description: 'what was used or given after this is not listed: so many whole days (UTC) ago' }),
      recordedSince: z.date().meta({ description: 'uses of permissions are known from here on; of tokens, always' }),
    }),
  }),
})
