import type { DenizenError } from '@denizen/core/calls'
import { z } from 'zod'

const text = z.string().optional().catch(undefined)
const number = z.number().optional().catch(undefined)
const Issue = z.looseObject({ path: z.string(), message: z.string() })

/** One thing that is wrong: in which field, and what. */
export type Issue = z.infer<typeof Issue>

/** What the command reads in the details of errors; anything that is not of this shape is left out, because a server may send anything. */
const Details = z.object({
  issues: z
    .array(z.unknown())
    .catch([])
    .transform((list) => list.flatMap((item) => Issue.safeParse(item).data ?? [])),
  count: number,
  directory: text,
  idempotencyKey: text,
  name: text,
  next: text,
  organizationId: text,
  permission: text,
  pid: number,
  startedAt: text,
  status: text,
  type: text,
  url: text,
  userId: text,
})

/** The details of an error, as far as they are understood. */
export function detailsOf({ details }: DenizenError): z.infer<typeof Details> {
  return Details.parse(details)
}
