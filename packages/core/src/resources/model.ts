import { z } from 'zod'
import { organizationId, resourceId, userId } from '../kernel/ids.ts'
import type { Id } from '../kernel/id.ts'
import { singleLine } from '../text/index.ts'

export type ResourceId = Id<'res'>

/** The kind of thing, as the application names it. By convention its permissions begin with the same word: `document.read`. */
export const resourceType = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]{0,63}$/, '1 to 64 lower-case letters, digits and -, a letter first: document, build-run')
/** The application's own identifier: the id of its row, a path, a URL. */
export const resourceKey = singleLine(256).pipe(z.string().min(1))
export const resourceName = singleLine(200).pipe(z.string().min(1))

/** How deep resources can be nested, counting the resource itself. */
export const mostNested = 16

/** A thing of an application that access can be given to. */
export const Resource = z.object({
  id: resourceId,
  type: z.string(),
  key: z.string().nullable().meta({
    description:
      "the application's own identifier; unique by type in its organization, or among what its owner has outside of organizations",
  }),
  name: z.string().nullable(),
  organizationId: organizationId.nullable().meta({ description: "null: a user's own, outside of organizations" }),
  parentId: resourceId.nullable().meta({ description: 'the resource it is inside' }),
  within: z.array(resourceId).meta({ description: 'all resources it is inside: its parent first, the outermost last' }),
  ownerUserId: userId.nullable().meta({ description: 'null: owned by its organization' }),
  ownedSince: z.date(),
  version: z.int(),
  createdBy: userId.nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Resource = z.infer<typeof Resource>
