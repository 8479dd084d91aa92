import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { multiLine, singleLine } from '../text/index.ts'
import { organizationId, teamId } from '../kernel/ids.ts'

export type TeamId = Id<'team'>

export const teamName = singleLine(100).pipe(z.string().min(1))
export const teamDescription = multiLine(500)

/** A group of members inside an organization. */
export const Team = z.object({
  id: teamId,
  organizationId,
  name: z.string(),
  description: z.string().nullable(),
  memberCount: z.int(),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Team = z.infer<typeof Team>
