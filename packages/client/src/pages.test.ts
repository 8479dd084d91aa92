import type { Invitation, ManagedUser, Member, Organization, Team } from '@denizen/core/contract'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { useServer } from '../../api/src/testing/server.ts'
import { createClient, type Calls } from './index.ts'
import { failureOf } from './testing/servers.ts'

const served = useServer()
const tag = `pages${crypto.randomUUID().slice(0, 8)}`
const count = 5

let client: Calls
let organizationId: Organization['id']
let teamId: Team['id']
/** The inputs of the queries that were sent. */
const sent: { readonly cursor?: string }[] = []

const listening: typeof globalThis.fetch = (input, init) => {
  const text = new URL(input instanceof Request ? input.url : input).searchParams.get('input')
  if (text !== null) sent.push((JSON.parse(text) as { 0: { json: object } })[0].json)
  return fetch(input, init)
}

/** Five of everything that pages, and one of each that no filter here lets through. */
beforeAll(async () => {
  const { admin, server } = served()
  client = createClient({ url: server.url, token: admin.token, fetch: listening })
  organizationId = (await client.organizations.create({ name: tag, slug: tag })).id
  teamId = (await client.teams.create({ organizationId, name: tag })).id
  for (let index = 0; index < count; index++) {
    served().world.clock.advance(1)
    const user = await client.users.create({ username: `${tag}-${index}` })
    if (user === null) throw new Error('users.create answered null without ifAbsent')
    await client.organizations.addMember({ organizationId, userId: user.id })
    await client.teams.addMember({ teamId, userId: user.id })
    await client.organizations.invite({ organizationId, email: `${tag}-${index}@example.com` })
    await client.organizations.create({ name: tag, slug: `${tag}-${index}` })
    await client.teams.create({ organizationId, name: `${tag} ${index}` })
  }
  await client.users.create({ username: `other-${tag}` })
  const { id } = await client.organizations.invite({ organizationId, email: `other-${tag}@example.com` })
  await client.organizations.revokeInvitation({ invitationId: id })
})

const startsWith = { username: { startsWith: `${tag}-` } }

/** Every query that pages, with filters, two at a time, and what tells its items apart. */
const paged: readonly (readonly [
  name: string,
  call: () => AsyncIterable<unknown> & Promise<{ items: readonly unknown[] }>,
  all: number,
])[] = [
  ['users.list', () => client.users.list({ limit: 2, where: startsWith, sortBy: 'username', order: 'desc' }), count],
  ['users.search', () => client.users.search({ limit: 2, query: `${tag}-`, status: 'active' }), count],
  ['users.listWithSessions', () => client.users.listWithSessions({ limit: 2, where: startsWith }), count],
  ['organizations.list', () => client.organizations.list({ limit: 2, search: `${tag}-`, status: 'active' }), count],
  ['organizations.listMembers', () => client.organizations.listMembers({ organizationId, limit: 2, role: 'member', search: tag }), count],
  ['organizations.listInvitations', () => client.organizations.listInvitations({ organizationId, limit: 2, state: 'pending' }), count],
  ['teams.list', () => client.teams.list({ organizationId, limit: 2 }), count + 1],
  ['teams.listMembers', () => client.teams.listMembers({ teamId, limit: 2 }), count],
]

describe('every query that pages', () => {
  it.each(paged)('%s can be awaited for one page and iterated over for all, with its filters on every page', async (_, call, all) => {
    sent.length = 0
    const pages = call()
    const first = await pages
    expect(first.items).toHaveLength(2)
    expect(sent).toHaveLength(1)
    const found: unknown[] = []
    for await (const item of pages) found.push(item)
    expect(found).toHaveLength(all)
    expect(new Set(found.map((item) => JSON.stringify(item))).size).toBe(all)
    expect(found.slice(0, 2)).toEqual(first.items)
    const full = Math.ceil(all / 2)
    expect([full, full + 1]).toContain(sent.length) // a search may look for those who are similar last, and find nobody
    const [asked] = sent
    for (const [page, { cursor, ...input }] of sent.entries()) {
      expect(input).toEqual(asked)
      expect(typeof cursor).toBe(page === 0 ? 'undefined' : 'string')
    }
  })

  it('takes up where a page ended, and says when a cursor is from elsewhere', async () => {
    const { items, nextCursor } = await client.users.list({ limit: 2, where: startsWith, sortBy: 'username' })
    const cursor = nextCursor ?? ''
    const rest: string[] = []
    for await (const { username } of client.users.list({ limit: 2, where: startsWith, sortBy: 'username', cursor })) rest.push(username)
    expect([...items.map(({ username }) => username), ...rest]).toEqual(Array.from({ length: count }, (_, index) => `${tag}-${index}`))
    const error = await failureOf(client.users.list({ limit: 2, where: startsWith, sortBy: 'email', cursor }))
    expect(error).toMatchObject({ code: 'request.invalid', details: { issues: [{ path: 'cursor' }] } })
  })

  it('gives items of its own type', () => {
    type ItemOf<Call extends (...input: never[]) => AsyncIterable<unknown>> =
      ReturnType<Call> extends AsyncIterable<infer Item> ? Item : never
    expectTypeOf<ItemOf<Calls['users']['list']>>().toEqualTypeOf<ManagedUser>()
    expectTypeOf<ItemOf<Calls['users']['search']>['match']>().toEqualTypeOf<'exact' | 'prefix' | 'substring' | 'similar'>()
    expectTypeOf<ItemOf<Calls['users']['listWithSessions']>['user']>().toEqualTypeOf<ManagedUser>()
    expectTypeOf<ItemOf<Calls['organizations']['list']>>().toEqualTypeOf<Organization>()
    expectTypeOf<ItemOf<Calls['organizations']['listMembers']>>().toEqualTypeOf<Member>()
    expectTypeOf<ItemOf<Calls['organizations']['listInvitations']>>().toExtend<Invitation>()
    expectTypeOf<ItemOf<Calls['teams']['list']>>().toEqualTypeOf<Team>()
    expectTypeOf<ItemOf<Calls['teams']['listMembers']>>().toEqualTypeOf<Member>()
    expectTypeOf<Awaited<ReturnType<Calls['organizations']['list']>>['nextCursor']>().toEqualTypeOf<string | null>()
    expectTypeOf<ReturnType<Calls['organizations']['listDomains']>>().not.toExtend<AsyncIterable<unknown>>()
  })
})
