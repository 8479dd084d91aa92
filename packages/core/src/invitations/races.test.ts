import type { Core } from '@denizen/core'
import { createWorld, lost, newEmail, raced, untilSeen, useWorld, withoutGuard, won, type World } from '@denizen/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { uuidOf, type Id } from '../kernel/id.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 22
const world = useWorld({ connections })
const password = 'another correct horse battery'

interface Accepted {
  readonly userId: Id<'usr'>
  readonly accountCreated: boolean
}

const gateOf = (table: string) => `lock table ${table} in access exclusive mode`

/** The hash is made before anybody races: what is raced is what the database decides. */
async function quickly(inWorld: World): Promise<Core> {
  const hash = await inWorld.ports.hasher.hash(password)
  return inWorld.another({ ports: { hasher: { ...inWorld.ports.hasher, hash: async () => hash } } })
}

async function invite(inWorld: World, organizationId: Id<'org'>, emails: readonly string[]): Promise<string[]> {
  for (const email of emails) await inWorld.asSystem().organizations.invite({ organizationId, email })
  await inWorld.work()
  return emails.map((email) => inWorld.mailer.tokenFor(email))
}

function accept(core: Core, token: string): () => Promise<Accepted> {
  return () => core.as({ kind: 'anonymous' }).organizations.acceptInvitation({ token, password })
}

const members = async (inWorld: World, organizationId: Id<'org'>): Promise<number> =>
  (await inWorld.rows('select 1 from memberships where organization_id = ?', [uuidOf(organizationId)])).length

/** Takes guards out of the statements that hold them; everything else stays real. */
const without = (inWorld: World, ...guards: readonly (readonly [guard: RegExp, instead: string])[]) =>
  withoutGuard(inWorld, (query) => guards.reduce((left, [guard, instead]) => left.replace(guard, instead), query))

const lock = [/^(select 1 from organizations .*) for no key update$/, '$1'] as const
const condition = [
  / and i\.accepted_at is null and i\.declined_at is null and i\.revoked_at is null and i\.expires_at > \?/,
  ' and ?::timestamptz is not null',
] as const

describe('50 acceptances of one invitation at once', () => {
  const race = async (inWorld: World) => {
    const organizationId = await inWorld.newOrganization()
    const email = newEmail()
    const [token = ''] = await invite(inWorld, organizationId, [email])
    const core = await quickly(inWorld)
    const before = await inWorld.counts()
    const results = await raced(
      inWorld,
      gateOf('organizations'),
      Array.from({ length: 50 }, () => accept(core, token)),
    )
    return { organizationId, email, results, before, after: await inWorld.counts() }
  }

  test('make one account and one membership; the others learn that the invitation is used', async () => {
    const { organizationId, results, before, after } = await race(world())
    expect(won(results)).toMatchObject([{ accountCreated: true }])
    for (const error of lost(results)) expect(error).toMatchObject({ code: 'organizations.invitationInvalid' })
    expect(await members(world(), organizationId)).toBe(1)
    for (const table of ['users', 'passwords', 'memberships', 'role_assignments']) expect(after[table]).toBe((before[table] ?? 0) + 1)
  })

  test('of somebody with an account make one membership', async () => {
    const user = await world().newUser({ emailVerified: true })
    const organizationId = await world().newOrganization()
    const [token = ''] = await invite(world(), organizationId, [user.email ?? ''])
    const core = await quickly(world())
    const results = await raced(
      world(),
      gateOf('organizations'),
      Array.from({ length: 50 }, () => accept(core, token)),
    )
    expect(won(results)).toMatchObject([{ userId: user.id, accountCreated: false }])
    expect(await members(world(), organizationId)).toBe(1)
  })

  test('or its refusals, or its end by whoever sent it: it is answered once', async () => {
    const organizationId = await world().newOrganization()
    const email = newEmail()
    const invitation = await world().asSystem().organizations.invite({ organizationId, email })
    await world().work()
    const token = world().mailer.tokenFor(email)
    const core = await quickly(world())
    const ways = [
      accept(core, token),
      () => core.as({ kind: 'anonymous' }).organizations.declineInvitation({ token }),
      () => world().asSystem().organizations.revokeInvitation({ invitationId: invitation.id }),
    ]
    const results = await raced<unknown>(
      world(),
      gateOf('invitations'),
      Array.from({ length: 48 }, (_, index) => ways[index % 3] ?? accept(core, token)),
    )
    expect(won(results)).toHaveLength(1)
    const [row] = await world().rows<{ answers: number }>(
      'select num_nonnulls(accepted_at, declined_at, revoked_at) as answers from invitations where id = ?',
      [uuidOf(invitation.id)],
    )
    expect(row?.answers).toBe(1)
    expect(await members(world(), organizationId)).toBe((await world().rows('select 1 from users where email = ?', [email])).length)
  })

  test('without the condition in the statement that uses it up, and without the lock, more than one goes on: the test can fail', async () => {
    const unguarded = await createWorld({ connections })
    try {
      without(unguarded, lock, condition)
      const core = await quickly(unguarded)
      await untilSeen('several who go on with one invitation', async () => {
        const user = await unguarded.newUser({ emailVerified: true })
        const organizationId = await unguarded.newOrganization()
        const [token = ''] = await invite(unguarded, organizationId, [user.email ?? ''])
        const results = await raced(
          unguarded,
          gateOf('organizations'),
          Array.from({ length: 50 }, () => accept(core, token)),
        )
        const used = lost(results).filter((error) => (error as { code?: string }).code === 'organizations.invitationInvalid')
        // Each of the others got past the invitation; only the membership, which there is one of, stopped them.
        return used.length < 49
      })
    } finally {
      vi.restoreAllMocks()
      await unguarded.close()
    }
  })
})

describe('50 people invited to an organization of 10 seats, who accept at once', () => {
  const race = async (inWorld: World, people = 50) => {
    const organizationId = await inWorld.newOrganization()
    const tokens = await invite(inWorld, organizationId, Array.from({ length: people }, newEmail))
    await inWorld.rows('update organizations set seat_limit = 10 where id = ?', [uuidOf(organizationId)])
    const core = await quickly(inWorld)
    const results = await raced(
      inWorld,
      gateOf('memberships'),
      tokens.map((token) => accept(core, token)),
    )
    return { organizationId, results }
  }

  test('are 10 members in the end, and 40 invitations stay', async () => {
    const { organizationId, results } = await race(world())
    expect(await members(world(), organizationId)).toBe(10)
    expect(won(results)).toHaveLength(10)
    for (const error of lost(results)) expect(error).toMatchObject({ code: 'organizations.seatsTaken', details: { seatLimit: 10 } })
    const { items } = await world().asSystem().organizations.listInvitations({ organizationId, state: 'pending', limit: 100 })
    expect(items).toHaveLength(40)
  })

  test('are more without the lock on the organization: the test can fail', async () => {
    const unguarded = await createWorld({ connections })
    try {
      without(unguarded, lock)
      // As many as have a connection: they alone read the same number of members, and nobody has to be invited who comes later.
      await untilSeen(
        'more members than seats',
        async () => (await members(unguarded, (await race(unguarded, connections)).organizationId)) > 10,
      )
    } finally {
      vi.restoreAllMocks()
      await unguarded.close()
    }
  })
})

describe('30 invitations at once', () => {
  const race = async (inWorld: World, table: string, email: (index: number) => string) => {
    const organizationId = await inWorld.newOrganization()
    await inWorld.rows('update organizations set seat_limit = 10 where id = ?', [uuidOf(organizationId)])
    const calls = Array.from(
      { length: 30 },
      (_, index) => () => inWorld.asSystem().organizations.invite({ organizationId, email: email(index) }),
    )
    return { organizationId, results: await raced(inWorld, gateOf(table), calls) }
  }

  test('to one address make one, and all are told of it', async () => {
    const email = newEmail()
    const { results } = await race(world(), 'organizations', () => email)
    expect(lost(results)).toEqual([])
    expect(new Set(won(results).map(({ id }) => id)).size).toBe(1)
    await world().work()
    expect(
      world().mailer.sent.filter(({ to }) => to === email),
      'only the last of them is mailed: the others are renewed',
    ).toHaveLength(1)
  })

  test('to 30 addresses take the 10 seats that there are', async () => {
    const { organizationId, results } = await race(world(), 'organizations', newEmail)
    expect(won(results)).toHaveLength(10)
    for (const error of lost(results)) expect(error).toMatchObject({ code: 'organizations.seatsTaken' })
    expect(await world().rows('select 1 from invitations where organization_id = ?', [uuidOf(organizationId)])).toHaveLength(10)
  })

  test('take more without the lock on the organization: the test can fail', async () => {
    const unguarded = await createWorld({ connections })
    try {
      without(unguarded, lock)
      await untilSeen('more invitations than seats', async () => won((await race(unguarded, 'invitations', newEmail)).results).length > 10)
    } finally {
      vi.restoreAllMocks()
      await unguarded.close()
    }
  })
})
