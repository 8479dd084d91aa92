import { z } from 'zod'
import { defineCommand, defineQuery, type Action } from '../../packages/core/src/kernel/action.ts'
import { denied, notFound } from '../../packages/core/src/kernel/errors.ts'
import { uuidOf } from '../../packages/core/src/kernel/id.ts'
import { signedIn } from '../../packages/core/src/kernel/rule.ts'
import { command, query } from '../../packages/core/src/kernel/signature.ts'
import type { Input } from './cases.ts'
import { scope } from '../../packages/core/src/access/model.ts'
import { findScope } from '../../packages/core/src/access/facts/scopes.ts'
import { organizationId, userId } from '../../packages/core/src/kernel/ids.ts'

/** An action as somebody might write it by mistake, and what the sweep must say of it. */
export interface Mistake {
  readonly action: Action
  readonly example: Input
  readonly caught: RegExp
}

const named = z.strictObject({ userId })
const told = z.object({ email: z.string().nullable() })

/** Reads a user, and has forgotten its target. */
const showsAnybody = defineQuery(query('leaky.show', { summary: 'Show', input: named, output: told }), {
  allow: signedIn,
  async handle({ open }, input) {
    const [user] = await (await open()).execute<{ email: string | null }[]>('select email from users where id = ?', [uuidOf(input.userId)])
    if (user === undefined) throw notFound({ type: 'user' })
    return { email: user.email }
  },
})

/** Gives nothing away but that the user is there, and in a list inside an optional field at that. */
const deniesWhatIsThere = defineQuery(
  query('leaky.deny', {
    summary: 'Deny',
    input: z.strictObject({ of: z.strictObject({ any: z.array(userId) }).optional() }),
    output: told,
  }),
  {
    allow: signedIn,
    async handle({ open }, { of }) {
      const [id] = of?.any ?? []
      if (id === undefined) return { email: null }
      const found = await (await open()).execute<unknown[]>('select 1 from users where id = ?', [uuidOf(id)])
      throw found.length > 0 ? denied({ permission: 'leaky.deny' }) : notFound({ type: 'user' })
    },
  },
)

/** Says the same to everybody, and changes the user. It has no plan, so that only what the tables hold gives it away. */
const changesSilently = defineCommand(command('leaky.change', { summary: 'Change', input: named, output: z.object({}) }), {
  allow: signedIn,
  handlesSecret: true,
  async handle({ em }, input) {
    await em.execute(`update users set locale = 'de' where id = ?`, [uuidOf(input.userId)], 'run')
    return {}
  },
})

/** The same with a plan: that gives it away before it is carried out. */
const plansToChange = defineCommand(command('leaky.plan', { summary: 'Plan', input: named, output: z.object({}) }), {
  allow: signedIn,
  async handle({ em }, input) {
    await em.execute(`update users set locale = 'fr' where id = ?`, [uuidOf(input.userId)], 'run')
    return {}
  },
})

/** Counts past the organization that it is asked about. */
const countsEverybody = defineQuery(
  query('leaky.count', {
    summary: 'Count',
    input: z.strictObject({ organizationId: organizationId.optional() }),
    output: z.object({ total: z.int() }),
  }),
  {
    allow: signedIn,
    async handle({ open }) {
      const [row] = await (await open()).execute<{ total: number }[]>('select count(*)::int as total from memberships')
      return { total: row?.total ?? 0 }
    },
  },
)

const oneUser = { userId: 'usr_01h455vb4pex5vsknk084sn02q' }

/** Tells nobody anything, but not as it is told of what never was. */
const deniesAnything = defineCommand(command('leaky.refuse', { summary: 'Refuse', input: named, output: z.object({}) }), {
  allow: signedIn,
  async handle() {
    throw denied({ permission: 'leaky.refuse' })
  },
})

/** Finds any place that there is, whoever asks: in one of the ways that `on` may be said. */
const findsEverything = defineQuery(
  query('leaky.find', { summary: 'Find', input: z.strictObject({ on: scope.optional() }), output: z.object({ kind: z.string() }) }),
  {
    allow: signedIn,
    async handle({ open }, { on = {} }) {
      const place = await findScope(await open(), on)
      if (place === null) throw notFound({ type: 'resource' })
      return { kind: place.kind }
    },
  },
)

export const mistakes: readonly Mistake[] = [
  { action: showsAnybody, example: oneUser, caught: /^leaky\.show \| a member \| all of them \| the answer holds canary/ },
  {
    action: deniesWhatIsThere,
    example: {},
    caught: /^leaky\.deny \| an owner \| of\.any\[\] \| theirs: .*denied.* what never was: .*notFound/,
  },
  { action: changesSilently, example: oneUser, caught: /^leaky\.change \|.*it changed users$/ },
  { action: plansToChange, example: oneUser, caught: /^leaky\.plan \| an admin \| all of them \| theirs: .*users.* what never was: / },
  { action: deniesAnything, example: oneUser, caught: /^leaky\.refuse \| a removed member \| all of them \| it should be NOT_FOUND/ },
  {
    action: findsEverything,
    example: {},
    caught: /^leaky\.find \| an owner of resources in no organization \| on\.resourceId \| theirs: /,
  },
  { action: findsEverything, example: { on: {} }, caught: /^leaky\.find \| a member \| on\.teamId \| theirs: / },
  { action: countsEverybody, example: {}, caught: /^leaky\.count \| an admin \|.*it was .* and is / },
]
