import { z } from 'zod'
import { longList, recordOf } from '../../kernel/input.ts'
import { multiLine, singleLine } from '../../text/index.ts'
import { slug } from '../../organizations/model.ts'
import { organizationId } from '../../kernel/ids.ts'
import { permissionName, permissionPattern } from '../model.ts'
import { condition } from '../../grants/model.ts'

/**
 * Access as a document: YAML in a file, JSON on the wire. Names are looked up in the organization that the document is about. Anything
 * that it does not mention stays as it is, unless the document says that it manages everything of that kind.
 */

/** A name or id of a user, team or role. */
const called = z.string().trim().min(1).max(320)

/** Names of roles and exclusions. Some names cannot be keys of a JavaScript object. */
const key = z
  .string()
  .min(1)
  .max(100)
  .regex(/^(?!(?:constructor|prototype|__proto__)$)/, 'this name is reserved')
  .refine((text) => singleLine(100).safeParse(text).data === text, 'one line of text, without spaces around it')

/** A day (from its start in UTC), or an instant with its offset. */
const moment = z.union(
  [z.iso.date().max(10), z.iso.datetime({ offset: true }).max(40)],
  'a day (2027-01-31) or an instant (2027-01-31T18:00:00Z)',
)

const manageable = z.enum(['roles', 'exclusions', 'assignments'])

const role = z.strictObject({
  description: multiLine(500).nullable().optional(),
  permissions: longList(permissionPattern).max(500).optional().meta({ description: 'all of its own; left out: unchanged' }),
  includes: longList(called).max(100).optional().meta({ description: 'all the roles that it includes; left out: unchanged' }),
})

/** Permissions in all roles of a document together. */
const mostPermissions = 20_000

function permissionsIn(roles: Readonly<Record<string, z.infer<typeof role>>>): number {
  return Object.values(roles).reduce((sum, { permissions = [] }) => sum + permissions.length, 0)
}

const exclusion = z.strictObject({
  kind: z.enum(['static', 'dynamic']).default('static'),
  cardinality: z.int().min(2).max(50).default(2).meta({ description: 'as many of the roles together are too many' }),
  roles: z.array(called).min(2).max(50),
})

/** The scope of an assignment inside the organization. */
const scope = z.union(
  [
    z.strictObject({ team: called }),
    z.strictObject({ resource: z.union([z.string().max(64), z.strictObject({ type: z.string().max(100), key: z.string().max(500) })]) }),
  ],
  'a team (team: Support) or a resource (resource: { type: folder, key: handbook }, or its id)',
)
export type DocumentScope = z.infer<typeof scope>

const exactlyOne = (one: string, other: string) => `exactly one of ${one} and ${other}`

const assignment = z
  .strictObject({
    user: called.optional().meta({ description: 'a username, an email address or an id' }),
    team: called.optional().meta({ description: 'the name of a team, or its id' }),
    role: called.optional(),
    permission: permissionPattern.optional().meta({ description: 'a single permission, instead of a role' }),
    on: scope.optional().meta({ description: 'default: the whole organization' }),
    from: moment.optional().meta({ description: 'default: unchanged, or from now on' }),
    until: moment.optional().meta({ description: 'default: without an end' }),
    when: condition.optional(),
  })
  .refine(({ user, team }) => (user === undefined) !== (team === undefined), exactlyOne('user', 'team'))
  .refine((given) => (given.role === undefined) !== (given.permission === undefined), exactlyOne('role', 'permission'))
  .refine(({ from, until }) => from === undefined || until === undefined || instant(from) < instant(until), 'until has to be after from')
export type DocumentAssignment = z.infer<typeof assignment>

const oneOrMany = z.union([permissionName, longList(permissionName).min(1).max(100)], 'a permission (document.read), or a list of them')

const test = z
  .strictObject({
    who: called.optional().meta({ description: 'a user: a username, an email address or an id' }),
    team: called.optional().meta({ description: 'whatever the team has, regardless of its members' }),
    can: oneOrMany.optional(),
    cannot: oneOrMany.optional(),
    on: scope.optional(),
    with: z
      .strictObject({
        assurance: z.literal('aal2').optional(),
        address: z.union([z.ipv4().max(15), z.ipv6().max(45)], 'an IP address').optional(),
      })
      .optional()
      .meta({ description: 'the circumstances that conditions are checked with' }),
  })
  .refine(({ who, team }) => (who === undefined) !== (team === undefined), exactlyOne('who', 'team'))
  .refine(({ can, cannot }) => can !== undefined || cannot !== undefined, 'says neither can nor cannot')
export type DocumentTest = z.infer<typeof test>

/** Permissions that all tests of a document ask about together. */
const mostQuestions = 2000

function questionsIn(tests: readonly DocumentTest[]): number {
  return tests.reduce((sum, { can, cannot }) => sum + listOf(can).length + listOf(cannot).length, 0)
}

export const AccessDocument = z.strictObject({
  version: z.literal(1),
  organization: z
    .union([organizationId, slug], 'the slug of an organization, or its id')
    .optional()
    .meta({ description: 'whose access this is; left out: the installation' }),
  manage: z
    .union([manageable, z.array(manageable).max(3)], 'roles, exclusions, assignments, or a list of them')
    .default([])
    .meta({ description: 'kinds of which everything is in the document: anything else of that kind is removed' }),
  roles: recordOf(1000, key, role)
    .refine((roles) => permissionsIn(roles) <= mostPermissions, `at most ${mostPermissions} permissions in all roles together`)
    .default({}),
  exclusions: recordOf(1000, key, exclusion).default({}),
  assignments: longList(assignment).max(10_000).default([]),
  tests: longList(test)
    .max(1000)
    .refine((tests) => questionsIn(tests) <= mostQuestions, `at most ${mostQuestions} permissions in all tests together`)
    .default([]),
})
export type AccessDocument = z.infer<typeof AccessDocument>

/** Milliseconds since the epoch. */
export function instant(text: string): number {
  return new Date(text).getTime()
}

/** A single value as a list. */
export function listOf<Item>(value: Item | readonly Item[] | undefined): readonly Item[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item]
}
