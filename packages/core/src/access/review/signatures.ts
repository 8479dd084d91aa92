import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { group, reads } from '../../kernel/signature.ts'
import { assignmentId, organizationId, roleId, teamId, tokenId, userId } from '../../kernel/ids.ts'
import { Assignment } from '../model.ts'

/** In the order of the list. */
const reviewKinds = ['grants', 'roles', 'tokens'] as const
export type ReviewKind = (typeof reviewKinds)[number]

/** Something that seems to be unused. */
export const ReviewItem = z.object({
  kind: z.enum(['grant', 'role', 'token']),
  id: z.union([assignmentId, roleId, tokenId]),
  name: z.string().meta({ description: 'the assigned role or permission, the role, or the token' }),
  reason: z.enum(['neverUsed', 'unused', 'unassigned']).meta({
    description: 'neverUsed: no use is recorded; unused: not used since; unassigned: a role that nobody has',
  }),
  subject: z
    .object({ kind: z.enum(['user', 'team']), id: z.union([userId, teamId]), name: z.string() })
    .nullable()
    .meta({ description: 'who has it; null: it is a role' }),
  scope: Assignment.shape.scope.nullable().meta({ description: 'the scope of a grant' }),
  organizationId: organizationId.nullable(),
  lastUsedAt: z.date().nullable().meta({ description: 'the last recorded use of one of its permissions in its scope; to the hour' }),
  since: z.date().meta({ description: 'when it was assigned, or created' }),
  givenBy: userId.nullable().meta({ description: 'by whom; null: the operator of the machine, or an identity provider' }),
  remedy: z.object({ action: z.string(), input: z.record(z.string(), z.string()) }).meta({ description: 'the call that would remove it' }),
})
export type ReviewItem = z.infer<typeof ReviewItem>

/** The action `access.review`. */
export const reviewSignatures = group('access', {
  review: reads({
    summary: 'List grants, roles and API tokens that nobody has used for a while',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      organizationId: organizationId.optional().meta({ description: 'only grants in this organization (default: everywhere)' }),
      unusedDays: z.int().min(1).max(3650).default(90).meta({ description: 'days without use' }),
      kinds: z
        .array(z.enum(reviewKinds))
        .min(1)
        .max(reviewKinds.length)
        .optional()
        .transform((kinds) => reviewKinds.filter((kind) => kinds === undefined || kinds.includes(kind)))
        .meta({ description: 'what to review: grants, roles, tokens (default: all)' }),
    }),
    output: pageOf(ReviewItem).extend({
      unusedSince: z.date().meta({ description: 'anything used or assigned after this time is not listed: so many whole days (UTC) ago' }),
      recordedSince: z.date().meta({ description: 'uses of permissions are recorded since then; uses of tokens always' }),
    }),
  }),
})
