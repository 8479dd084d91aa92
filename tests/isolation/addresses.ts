import { anonymousActor, DenizenError, userActor } from '@denizen/core'
import type { Signature } from '@denizen/core/contract'
import { newEmail, type SignedInUser } from '@denizen/core/testing'
import { z } from 'zod'
import type { SystemDatabase } from '../database.ts'
import type { Input } from './case.ts'
import type { Caller } from './cast.ts'
import { withValue, type Place } from './places.ts'
import type { Surroundings, Swept } from './surroundings.ts'

type Path = Place['path']

/** What a field is called that takes an address, or a text by which somebody is found. */
const namesOfAddresses: ReadonlySet<string> = new Set(['email', 'identifier', 'search', 'query'])

/** What a field is called that takes conditions on users, whose shape JSON Schema does not show. */
const filters: ReadonlySet<string> = new Set(['where', 'filter'])

/** Every place of an input where an address goes, however deep. */
export function addressPlaces({ input }: Pick<Signature, 'input'>): readonly Path[] {
  const found = new Map<string, Path>()
  const walk = (node: unknown, path: Path): void => {
    if (typeof node !== 'object' || node === null) return
    const { properties = {}, items, anyOf = [], allOf = [] } = node as JsonSchema
    for (const [name, inner] of Object.entries(properties)) {
      if (namesOfAddresses.has(name)) found.set([...path, name].join('.'), [...path, name])
      else if (filters.has(name)) found.set([...path, name, 'email'].join('.'), [...path, name, 'email'])
      else walk(inner, [...path, name])
    }
    if (items !== undefined) walk(items, [...path, 0])
    for (const inner of [...anyOf, ...allOf]) walk(inner, path)
  }
  walk(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }), [])
  return [...found.values()]
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly items?: unknown
  readonly anyOf?: readonly unknown[]
  readonly allOf?: readonly unknown[]
}

/** Addresses by what they are to the installation. Whoever is not their owner must not tell one from another. */
export async function addressesOf({ people, core }: SystemDatabase): Promise<Readonly<Record<string, string>>> {
  const made = async (input: object) => (await people.newUser(input)).email ?? ''
  const suspended = await people.newUser({ emailVerified: true })
  await people.asSystem().users.setStatus({ userId: suspended.id, status: 'suspended' })
  const wished = newEmail()
  const wishing = await people.signUp({ emailVerified: true })
  await core.as(userActor(wishing.principal)).users.updateCurrent({ email: wished })
  return {
    free: newEmail(),
    'free as well': newEmail(),
    proved: await made({ emailVerified: true }),
    'not proved': await made({}),
    suspended: suspended.email ?? '',
    'of a program': await made({ kind: 'service', emailVerified: true }),
    pending: wished,
  }
}

/** Whoever owns none of them, and what they name in place of what the examples name. */
export interface Asker extends Caller {
  readonly own: Readonly<Record<string, string>>
}

export async function askersOf({ people, core }: SystemDatabase): Promise<readonly Asker[]> {
  const { accessToken } = await people.asAnonymous().auth.createAnonymous({})
  const guest = await core.authenticate(accessToken)
  if (guest === null) throw new Error('a guest is signed in')
  const user = await people.signUp({ emailVerified: true })
  const founding = await people.signUp({ emailVerified: true })
  const { id: organizationId } = await core.as(userActor(founding.principal)).organizations.create({ name: 'Founded' })
  const managed = await people.newUser({ organizationId })
  const principal = await core.authenticate(founding.token)
  if (principal === null) throw new Error('who founds an organization stays signed in')
  const asker = (name: string, { userId }: SignedInUser['principal'], own = {}) => ({ name, token: null, own: { userId, ...own } })
  return [
    { name: 'nobody', actor: anonymousActor, token: null, own: {} },
    { ...asker('a guest', guest), actor: userActor(guest) },
    { ...asker('a user', user.principal), actor: userActor(user.principal) },
    { ...asker('a founder', principal, { organizationId, userId: managed.id }), actor: userActor(principal) },
  ]
}

/** The example with an address at a place, and with what is the asker's own; null: no such input is valid. */
function asking({ signature, example }: Swept, path: Path, address: string, { own }: Asker): Input | null {
  const { shape = {} } = signature.input as { shape?: object }
  const wrong = { password: 'the password of nobody here' }
  // A filter is said instead of ids.
  const named = Object.entries({ ...example, ...own, ...wrong }).filter(([name]) => name !== 'userIds' || path[0] !== 'filter')
  const base = Object.fromEntries(named.filter(([name]) => name in shape || name in (example ?? {})))
  for (const value of [address, { equals: address }, { eq: address }, { contains: address }, [address]]) {
    const input = withValue(base, path, value) as Input
    if (signature.input.safeParse(input).success) return input
  }
  return null
}

/** What is answered to an asker who tries all addresses at a place, and what a plan of it says. */
export async function answersAt(
  { database, call, plan }: Surroundings,
  action: Swept,
  { path, asker, addresses }: { readonly path: Path; readonly asker: Asker; readonly addresses: Readonly<Record<string, string>> },
): Promise<readonly (readonly [which: string, answers: string])[] | null> {
  const tried = Object.entries(addresses).map(([which, address]) => ({ which, address, input: asking(action, path, address, asker) }))
  if (tried.some(({ input }) => input === null)) return null
  const all: [which: string, answers: string][] = []
  const plans: string[] = []
  // Plans change nothing: the first call does not make the second another one.
  for (const { address, input } of tried)
    plans.push(action.plannable ? await told(plan(action.signature.name, input ?? {}, asker), address) : '')
  for (const [index, { which, address, input }] of tried.entries()) {
    await database.rows('delete from throttles') // what one address has used up is no matter of the others
    all.push([which, `${plans[index] ?? ''} ${await told(call(action.signature.name, input ?? {}, asker), address)}`])
  }
  return all
}

/** An answer without what is another one each time, and without the address, which the asker knows. */
async function told(answer: Promise<unknown>, address: string): Promise<string> {
  const outcome = await answer.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof DenizenError)) throw error
      return { code: error.code, message: error.message, details: error.details }
    },
  )
  return JSON.stringify(outcome, (key, value: unknown) => (key === 'version' ? 0 : value))
    .replaceAll(address, '<address>')
    .replaceAll(/\b[a-z]{2,5}_[0-9a-hjkmnp-tv-z]{26}\b/g, '<id>')
    .replaceAll(/dnz_[a-z]+_\w+/g, '<token>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
}
