import { z } from 'zod'
import { resourceReference } from '../access/model.ts'
import type { Id } from '../kernel/id.ts'
import { singleLine } from '../kernel/text.ts'
import { organizationId } from '../organizations/model.ts'
import { userId } from '../users/model.ts'

export const resourceId = resourceReference
export type ResourceId = Id<'res'>

/** What kind of thing it is, as the application calls it. Permissions on it begin with the same word, by convention: `document.read`. */
export const resourceType = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]{0,63}$/, '1 to 64 lower-case letters, digits and -, a letter first: document, build-run')
/** What the application calls it: the id of its row there, a path, an address. */
export const resourceKey = singleLine(256).pipe(z.string().min(1))
export const resourceName = singleLine(200).pipe(z.string().min(1))

/** A resource may be inside another, and that inside another: so many at the most, itself counted. */
export const mostNested = 16

/** A thing of an application that somebody may be given access to. */
export const Resource = z.object({
  id: resourceId,
  type: z.string(),
  key: z.string().nullable().meta({
    description: 'what the application calls it; unique by type in its organization, or among what its owner has outside of them',
  }),
  name: z.string().nullable(),
  organizationId: organizationId.nullable().meta({ description: "null: it is a user's own, outside every organization" }),
  parentId: resourceId.nullable().meta({ description: 'what it is inside of' }),
  within: z.array(resourceId).meta({ description: 'all that it is inside of: its parent first, the outermost last' }),
  ownerUserId: userId.nullable().meta({ description: 'null: its organization owns it' }),
  ownedSince: z.date(),
  version: z.int(),
  createdBy: userId.nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Resource = z.infer<typeof Resource>
