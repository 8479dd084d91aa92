import { z } from 'zod'
import { singleLine } from '../../text/index.ts'
import { instantSince } from '../../kernel/instant.ts'
import { organizationId, userId } from '../../kernel/ids.ts'
import { userKind, userStatus } from '../../users/model.ts'

/** A text field: equal to one of several, beginning with, or containing a text; case-insensitive. null: not set. */
const line = singleLine(320)
const part = line.pipe(z.string().min(1))
const text = z
  .union([
    line,
    z.strictObject({ in: z.array(line).min(1).max(1000) }),
    z.strictObject({ startsWith: part }),
    z.strictObject({ contains: part }),
  ])
  .nullable()
  .optional()

const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(1000)]).optional()

/** The years that PostgreSQL reads in JavaScript's notation. */
const instant = instantSince(new Date('0001-01-01T00:00:00Z'))

/** From an instant (inclusive) until another (exclusive). null: not set. */
const range = z
  .strictObject({ from: instant.optional(), until: instant.optional() })
  .refine(({ from, until }) => from !== undefined || until !== undefined, 'from or until is needed')
  .nullable()
  .optional()

/** What the selected users have in common. All fields of an object must match; `and`, `or` and `not` combine objects. */
const condition = z.strictObject({
  id: oneOrMore(userId),
  username: text,
  email: text,
  fullName: text,
  displayName: text,
  phone: text,
  locale: text,
  timezone: text,
  resourcePolicy: text,
  status: oneOrMore(userStatus),
  kind: oneOrMore(userKind),
  emailVerified: z.boolean().optional(),
  needPasswordChange: z.boolean().optional(),
  sudoSessionEnabled: z.boolean().optional(),
  isBot: z.boolean().optional(),
  isScanner: z.boolean().optional(),
  legalHold: z.boolean().optional(),
  role: singleLine(100).optional().meta({ description: 'the name of a role that the user holds everywhere now' }),
  memberOf: organizationId.optional(),
  homeOrganizationId: organizationId.nullable().optional(),
  createdAt: range,
  updatedAt: range,
  lastSeenAt: range,
  statusChangedAt: range,
  archivedAt: range,
  get and() {
    return z.array(condition).min(1).max(20).optional()
  },
  get or() {
    return z.array(condition).min(1).max(20).optional()
  },
  get not() {
    return condition.optional()
  },
})

export type UserFilter = z.output<typeof condition>

const deepest = 5
const most = 100

/** Checked before parsing: conditions are parsed recursively, and a hostile depth would exhaust the stack. */
export const userFilter = z
  .custom<z.input<typeof condition>>()
  .superRefine((filter, check) => {
    const complaint = tooMuch(filter)
    if (complaint !== null) check.addIssue({ code: 'custom', message: complaint, input: filter, continue: false })
  })
  .pipe(condition)
  .meta({ description: 'conditions as JSON, for example {"status":"active","not":{"role":"superadmin"}}' })

function tooMuch(filter: unknown): string | null {
  let level: unknown[] = [filter]
  let count = 0
  for (let depth = 0; level.length > 0; depth++) {
    count += level.length
    if (depth > deepest) return `at most ${deepest} levels of and, or and not`
    if (count > most) return `at most ${most} objects of conditions`
    level = level.flatMap(inside)
  }
  return null
}

function inside(filter: unknown): unknown[] {
  if (typeof filter !== 'object' || filter === null) return []
  const { and, or, not } = filter as { and?: unknown; or?: unknown; not?: unknown }
  return [and, or, not].flat().filter((item) => item !== undefined)
}

/** A filter and all filters nested in it. */
export function* eachFilter(filter: UserFilter): Generator<UserFilter> {
  yield filter
  for (const inner of [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not === undefined ? [] : [filter.not])])
    yield* eachFilter(inner)
}
