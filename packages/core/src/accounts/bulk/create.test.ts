import { uuidOf } from '@denizen/core'
import { holdsSecret, signatures, withoutSecrets, type InputOf, type Signatures } from '@denizen/core/contract'
import { databases, newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

type NewUser = InputOf<Signatures['users']['bulkCreate']>['users'][number]

const oneTag = (): string => crypto.randomUUID().slice(0, 8)

/** Users that nobody had before, told apart by a number. */
function newcomers(count: number, tag = oneTag()): NewUser[] {
  return Array.from({ length: count }, (_, index) => ({ email: `bulk-${tag}-${index}@example.com` }))
}

/** Users of whom the server cannot read what they are: as callers without types send them. */
const broken = (item: unknown): NewUser => item as NewUser

describe.each(databases)('users.bulkCreate on %s', (database) => {
  const world = useWorld({ database, settings: { defaultOrganization: 'default' } })

  /** 1000 users, 17 of whom cannot be made, each for a reason of its own kind. */
  async function thousand(): Promise<{ users: NewUser[]; bad: ReadonlyMap<number, string> }> {
    const taken = await world().newUser({ username: `taken-${oneTag()}` })
    const users = newcomers(1000)
    const bad = new Map<number, string>()
    const spoil = (index: number, code: string, item: NewUser) => {
      users[index] = item
      bad.set(index, code)
    }
    for (const index of [0, 101, 202]) spoil(index, 'users.emailTaken', { email: taken.email?.toUpperCase() ?? '' })
    for (const index of [303, 404]) spoil(index, 'users.usernameTaken', { email: newEmail(), username: taken.username })
    for (const index of [505, 606, 999]) spoil(index, 'users.emailTaken', { ...users[index - 500] })
    for (const index of [7, 70]) spoil(index, 'request.invalid', { email: 'no address' })
    for (const index of [8, 80]) spoil(index, 'passwords.tooShort', { email: newEmail(), password: 'short' })
    spoil(9, 'request.invalid', broken(null))
    spoil(90, 'request.invalid', broken('ada@example.com'))
    spoil(91, 'request.invalid', {})
    spoil(92, 'request.invalid', broken({ email: newEmail(), role: 'superadmin' }))
    spoil(93, 'request.invalid', { email: newEmail(), fullName: 'a\u0000b' })
    return { users, bad }
  }

  test('makes 983 of 1000, says of 17 why not, and the plan beforehand said the same', async () => {
    const { users, bad } = await thousand()
    const before = await world().counts()
    const plan = await world().asSystem().users.bulkCreate.plan({ users })
    expect(await world().counts()).toEqual(before)
    const { succeeded, failed } = await world().asSystem().users.bulkCreate({ users })
    expect(new Map(failed.map(({ index, code }) => [index, code]))).toEqual(bad)
    expect(failed.map(({ index }) => index)).toEqual([...bad.keys()].toSorted((a, b) => a - b))
    expect(succeeded).toHaveLength(983)
    expect(plan).toEqual({
      rows: {
        users: { inserted: 983, updated: 0, deleted: 0 },
        role_assignments: { inserted: 983, updated: 0, deleted: 0 },
        memberships: { inserted: 983, updated: 0, deleted: 0 },
      },
      sessionsEnded: 0,
      tokensEnded: 0,
      events: { 'users.created': 983 },
      jobs: {},
      failed,
    })
    const after = await world().counts()
    const grown = (table: string) => (after[table] ?? 0) - (before[table] ?? 0)
    expect(['users', 'role_assignments', 'memberships', 'events', 'audit_entries'].map(grown)).toEqual([983, 983, 983, 983, 1])
    for (const { index, userId } of [succeeded[0], succeeded[500], succeeded.at(-1)].flatMap((one) => one ?? []))
      expect(await world().asSystem().users.get({ userId })).toMatchObject({ email: users[index]?.email })
  })

  test('names the field at fault, and repeats no value', async () => {
    const users = [
      broken({ email: 'x', passwort: 'hunter2 hunter2 hunter2' }),
      { email: newEmail(), password: 'too short' },
      {},
      { email: '' },
      { username: ' ', phone: '' },
    ]
    const { failed } = await world().asSystem().users.bulkCreate({ users })
    expect(failed.map(({ code, message }) => [code, message])).toEqual([
      ['request.invalid', 'email: not an email address (and 1 more)'],
      ['passwords.tooShort', expect.stringContaining('at least 15 characters')],
      ['request.invalid', 'email: `email` or `username` is needed'],
      ['request.invalid', 'email: must not be empty'],
      ['request.invalid', 'username: must not be empty (and 1 more)'],
    ])
  })

  test('makes passwords that open, and keeps none of them', async () => {
    const tag = oneTag()
    const users = [
      { email: newEmail(), username: `in-${tag}`, password },
      { username: `out-${tag}`, password: 'short' },
    ]
    const { succeeded, failed } = await world().asSystem().users.bulkCreate({ users })
    expect([succeeded.length, failed.length]).toEqual([1, 1])
    expect(
      await world()
        .asAnonymous()
        .auth.signIn({ identifier: `in-${tag}`, password }),
    ).toMatchObject({ user: { username: `in-${tag}` } })
    const everything = await world().rows<{ all: string }>(
      'select (select json_agg(a)::text from audit_entries a) || (select json_agg(e)::text from events e) as all',
    )
    expect(everything[0]?.all).not.toContain(password)
  })

  test('has one audit entry with counts, reasons and ids; an item that was taken back has no event', async () => {
    const [one, other] = newcomers(2)
    const { succeeded } = await world()
      .asSystem()
      .users.bulkCreate({ users: [one ?? {}, other ?? {}, one ?? {}, { email: 'none' }] })
    const ids = succeeded.map(({ userId }) => userId)
    const [entry] = await world().rows(`select outcome, changes, target_id from audit_entries where changes::text like ?`, [
      `%${ids[0] ?? ''}%`,
    ])
    expect(entry).toEqual({
      outcome: 'succeeded',
      target_id: null,
      changes: { succeeded: 2, failed: 2, reasons: { 'users.emailTaken': 1, 'request.invalid': 1 }, userIds: ids },
    })
    const events = await world().rows<{ subject: string }>(
      `select subject from events where type = 'users.created' and subject = any(?::text[])`,
      [`{${ids.join(',')}}`],
    )
    expect(events).toHaveLength(2)
  })

  test('takes 1 to 1000 users, and no more', async () => {
    for (const users of [[], newcomers(1001)]) {
      const call = world().asSystem().users.bulkCreate({ users })
      await expect(call).rejects.toMatchObject({ code: 'request.invalid', details: { issues: [{ path: 'users' }] } })
    }
  })

  test('answers a repetition under the same key without making anybody again', async () => {
    const users = newcomers(2)
    const options = { idempotencyKey: oneTag() }
    const first = await world().asSystem().users.bulkCreate({ users }, options)
    expect(await world().asSystem().users.bulkCreate({ users }, options)).toEqual(first)
    expect(first.failed).toEqual([])
  })
})

describe('users.bulkCreate in an organization', () => {
  const world = useWorld()

  test('is at home there: one item fails for a foreign address, one for the last seat, one for an operator’s field', async () => {
    const organizationId = await world().newOrganization()
    await world().ownDomain(organizationId, 'acme.example')
    const admin = await world().asMember(organizationId, 'admin')
    await world().rows(`update organizations set seat_limit = 3 where id = ? returning 1`, [uuidOf(organizationId)])
    const tag = oneTag()
    const users: NewUser[] = [
      { email: `a-${tag}@acme.example` },
      { email: `b-${tag}@elsewhere.example` },
      { email: `c-${tag}@acme.example`, privateMetadata: { plan: 'free' } },
      { username: `d-${tag}` },
      { email: `e-${tag}@acme.example` },
    ]
    const plan = await admin.as.users.bulkCreate.plan({ organizationId, users })
    const { succeeded, failed } = await admin.as.users.bulkCreate({ organizationId, users })
    expect(succeeded.map(({ index }) => index)).toEqual([0, 3])
    expect(failed.map(({ index, code }) => [index, code])).toEqual([
      [1, 'organizations.addressNotManaged'],
      [2, 'request.denied'],
      [4, 'organizations.seatsTaken'],
    ])
    expect(plan.failed).toEqual(failed)
    const homes = await world().rows(`select username, home_organization_id is not null as home from users where username like ?`, [
      `%-${tag}`,
    ])
    expect(homes).toHaveLength(2)
    expect(homes).toEqual(homes.map((row) => ({ ...row, home: true })))
  })

  test('is not for members, nor for whoever administers another, nor without saying where', async () => {
    const [mine, theirs] = [await world().newOrganization(), await world().newOrganization()]
    const [admin, member] = [await world().asMember(mine, 'admin'), await world().asMember(mine)]
    const users = newcomers(1)
    const before = (await world().counts())['users']
    await expect(member.as.users.bulkCreate({ organizationId: mine, users })).rejects.toMatchObject({ code: 'request.denied' })
    const absent = mine.replace(/.$/, (last) => (last === '0' ? '1' : '0')) as typeof mine
    const [foreign, nowhere] = await Promise.all(
      [theirs, absent].map((organizationId) => admin.as.users.bulkCreate({ organizationId, users }).catch((error: unknown) => error)),
    )
    expect(foreign).toMatchObject({ code: 'request.notFound', kind: 'notFound' })
    expect(foreign).toEqual(nowhere)
    await expect(admin.as.users.bulkCreate({ users })).rejects.toMatchObject({ code: 'request.denied' })
    expect((await world().counts())['users']).toBe(before)
  })

  test('hashes nothing for whoever may not', async () => {
    let hashed = 0
    const { hasher } = world().ports
    const core = world().another({ ports: { hasher: { ...hasher, hash: (text) => (hashed++, hasher.hash(text)) } } })
    const { principal } = await world().signUp()
    const call = { actor: { kind: 'user', principal }, origin: { requestId: 'req_bulk', ip: null, userAgent: null } } as const
    await expect(core.run('users.bulkCreate', { users: [{ email: newEmail(), password }] }, call)).rejects.toMatchObject({
      code: 'request.denied',
    })
    expect(hashed).toBe(0)
  })
})

test('the password of an item is a secret to whoever shows or stores inputs', () => {
  const { input } = signatures.users.bulkCreate
  expect(holdsSecret(input)).toBe(true)
  const users = [{ email: 'a@example.com', password }, { password: 17 }, 'text']
  expect(withoutSecrets(input, { users })).toEqual({ users: [{ email: 'a@example.com' }, {}, undefined] })
})
