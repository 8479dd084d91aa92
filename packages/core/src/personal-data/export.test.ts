import { userActor, uuidOf, type DenizenError, type OutputOf, type Signatures } from '@denizen/core'
import { bossOrigin, databases, fullName, newEmail, phone, TestProvider, traced, useWorld, type Traced } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { heldTables, sections } from './registry.ts'
import { statementFor } from './statement.ts'

const google = TestProvider.configured('google')
const [database = 'postgres'] = databases
const world = useWorld({
  database,
  settings: {
    identityProviders: [google],
    passwords: { minimumAlone: 8, minimumWithFactor: 8, history: 3, maximumAgeDays: null },
  },
})

type Data = OutputOf<Signatures['users']['exportData']>

let traces: Traced
let data: Data
beforeAll(async () => {
  traces = await traced(world(), await TestProvider.open(world().ports, google))
  data = await traces.person.as.users.exportData({ limit: 1000 })
})

/** Every column of every table in which one of the texts stands. */
async function found(texts: readonly string[]): Promise<readonly string[]> {
  const columns = await world().rows<{ table: string; name: string }>(
    `select c.relname::text as "table", a.attname::text as name from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2`,
  )
  const looks = columns.map(
    ({ table, name }) => `select '${table}.${name}' as place where exists (select from "${table}" where "${name}"::text ~* ?)`,
  )
  const pattern = texts.map((text) => text.replaceAll(/[.+]/g, String.raw`\$&`)).join('|')
  const places = await world().rows<{ place: string }>(
    looks.join(' union all '),
    looks.map(() => pattern),
  )
  return places.map(({ place }) => place)
}

test('is found by indexes, however much there is of others', async () => {
  const asked = { userId: traces.person.user.id, address: newEmail(), organizationId: null, excluded: [], limit: 200 }
  // Whose it is, or the row that is looked at.
  const named = [asked.userId, uuidOf(asked.userId), asked.address, ' = t.']
  const unindexed: string[] = []
  for (const [table, , section] of sections) {
    const { sql, parameters } = statementFor([[table, section]], asked, null)
    // Without the other ways, it is a bitmap of the rows that indexes name, or the whole table.
    const plan = await world()
      .em()
      .transactional(async (em) => {
        for (const way of ['seqscan', 'indexscan', 'indexonlyscan']) await em.execute(`set local enable_${way} = off`, [], 'run')
        return em.execute<{ 'QUERY PLAN': string }[]>(`explain ${sql}`, [...parameters])
      })
    const lines = plan.map((row) => row['QUERY PLAN'])
    const conditions = lines.filter((line) => line.includes('Index Cond:'))
    const isFound = conditions.length > 0 && conditions.every((line) => named.some((text) => line.includes(text)))
    if (!isFound || lines.some((line) => line.includes('Seq Scan'))) unindexed.push([table, ...lines].join('\n'))
  }
  expect(unindexed).toEqual([])
})

describe('44: what is exported of somebody with traces everywhere', () => {
  const rowsOf = (table: string) => data.sections.find((section) => section.table === table)?.rows ?? []

  test('names every table in which a scan of all columns finds them, and the registry every column', async () => {
    const { id, username, email } = traces.person.user
    const places = await found([id, uuidOf(id), username, email ?? '', fullName, phone])
    expect(places.length).toBeGreaterThan(40)
    const unregistered = places.filter((place) => {
      const [table = '', column = ''] = place.split('.')
      return heldTables[table]?.people[column] === undefined
    })
    expect(unregistered).toEqual([])
    const told = new Set([...data.sections.filter(({ rows }) => rows.length > 0), ...data.omitted].map(({ table }) => table))
    expect([...new Set(places.map((place) => place.split('.')[0] ?? ''))].filter((table) => !told.has(table))).toEqual([])
    expect(data.sections.filter(({ rows }) => rows.length === 0).map(({ table }) => table)).toEqual([])
    expect(data).toMatchObject({ userId: id, organizationId: null, complete: true })
  })

  test('is objects with dates and ids as everywhere else', () => {
    const { id, username, email } = traces.person.user
    expect(rowsOf('users')).toMatchObject([
      { id, username, email, fullName, phone, createdAt: expect.stringMatching(/^20.+Z$/) as unknown },
    ])
    expect(rowsOf('passwords')).toEqual([{ userId: id, changedAt: expect.stringMatching(/^20.+Z$/) as unknown }])
    expect(new Set(rowsOf('memberships').map(({ organization }) => organization))).toEqual(new Set(['Hosts', 'Own']))
    expect(JSON.stringify(data)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/)
  })

  test('no secret is in it, and it says which are left out', async () => {
    const columns = [
      ['passwords', 'hash'],
      ['former_passwords', 'hash'],
      ['totp_factors', 'sealed_key'],
      ['recovery_codes', 'hash'],
      ['tokens', 'hash'],
      ['passkeys', 'public_key'],
      ['challenges', 'hash'],
      ['device_logins', 'hash'],
      ['device_logins', 'user_code'],
      ['verifications', 'hash'],
      ['invitations', 'token_hash'],
    ] as const
    const text = JSON.stringify(data)
    for (const [table, column] of columns) {
      const secrets = await world().rows<{ secret: string }>(`select ${column} as secret from ${table} where ${column} is not null`)
      expect([table, secrets.length > 0]).toEqual([table, true])
      expect(secrets.filter(({ secret }) => text.includes(secret))).toEqual([])
      const field = column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      const section = data.sections.find((one) => one.table === table)
      expect(section?.withheld.flatMap(({ fields }) => fields)).toContain(field)
    }
    expect(traces.told.filter((secret) => text.includes(secret))).toEqual([])
  })

  test('nothing of anybody else is in it but ids', () => {
    const text = JSON.stringify(data).toLowerCase()
    const { boss, host, guest } = traces
    const others = [boss, host, guest].flatMap(({ user }) => [user.email ?? '', user.username])
    expect([...others, bossOrigin.ip, bossOrigin.userAgent].filter((hidden) => text.includes(hidden.toLowerCase()))).toEqual([])
    for (const { user } of [boss, host, guest]) expect(text).toContain(user.id)
    expect(rowsOf('sessions').find(({ impersonatorId }) => impersonatorId === boss.user.id)).toMatchObject({ ip: null, userAgent: null })
    expect(rowsOf('audit_entries').filter(({ actorId }) => actorId === boss.user.id).length).toBeGreaterThan(3)
  })
})

describe('who gets it', () => {
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      ({ code }: DenizenError) => code,
    )

  test('the person, with a recent proof and in a session of their own; it is recorded, and no key keeps the answer', async () => {
    const { user, as, token } = await world().signUp()
    const api = await as.tokens.create({ name: 'robot' })
    const idempotencyKey = crypto.randomUUID()
    await as.users.exportData({}, { idempotencyKey })
    expect(await codeOf(as.users.exportData({}, { idempotencyKey }))).toBe('request.alreadyAnswered')
    const kept = await world().rows<{ answer: string }>('select answer from idempotency_keys where key = ?', [idempotencyKey])
    expect(kept.map(({ answer }) => answer.includes(user.username))).toEqual([false])
    expect(kept[0]?.answer).toContain('withheld')
    const entries = `select outcome, target_id, changes->>'continued' as continued, (changes->>'rows')::int > 5 as many
      from audit_entries where action = 'users.exportData' and actor_id = ? and outcome = 'succeeded'`
    expect(await world().rows(entries, [uuidOf(user.id)])).toEqual([
      { outcome: 'succeeded', target_id: user.id, continued: 'false', many: true },
    ])
    const robot = await world().core.authenticate(api.secret)
    if (robot === null) throw new Error('a new token opens nothing')
    expect(await codeOf(world().core.as(userActor(robot)).users.exportData({}))).toBe('auth.ownSessionRequired')
    world().clock.advance(6 * 60_000)
    const later = await world().core.authenticate(token)
    if (later === null) throw new Error('the session is over')
    expect(await codeOf(world().core.as(userActor(later)).users.exportData({}))).toBe('auth.freshProofRequired')
  })

  test('an administrator of the organization that manages the account, and only what is about the account and that organization', async () => {
    const domain = `${crypto.randomUUID().slice(0, 8)}.example`
    const [organizationId, elsewhere] = [await world().newOrganization(), await world().newOrganization()]
    await world().ownDomain(organizationId, domain)
    const email = `managed@${domain}`
    const managed = await world().signUp({ organizationId, email })
    await world().join(elsewhere, managed.user, 'admin')
    await world().rows(`update users set private_metadata = '{"score": 7}', email_verified = true where id = ?`, [uuidOf(managed.user.id)])
    const again = await world().signIn(managed.user)
    await again.as.organizations.invite({ organizationId: elsewhere, email: 'third@example.com', role: 'member' })
    const pending = `pending@${domain}`
    await again.as.users.updateCurrent({ email: pending })
    await again.as.organizations.switch({ organizationId: elsewhere })
    const { id: userId } = managed.user
    const [admin, member] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId)]
    const foreign = await world().asMember(elsewhere, 'owner')
    const unknown = `${userId.slice(0, -4)}0000`
    for (const { as } of [foreign, member]) {
      expect(await codeOf(as.users.exportData({ userId }))).toBe('request.notFound')
      expect(await codeOf(as.users.exportData({ userId: unknown as typeof userId }))).toBe('request.notFound')
    }
    const seen = await admin.as.users.exportData({ userId })
    expect(seen).toMatchObject({ userId, organizationId, complete: true })
    const rowsOf = (of: Data, table: string) => of.sections.find((section) => section.table === table)?.rows ?? []
    expect(rowsOf(seen, 'users')).toMatchObject([{ id: userId, privateMetadata: { score: 7 } }])
    expect(rowsOf(seen, 'memberships')).toMatchObject([{ organizationId }])
    expect(JSON.stringify(seen)).not.toContain(elsewhere)
    expect(rowsOf(seen, 'verifications').length).toBeGreaterThan(0)
    expect(JSON.stringify(seen)).not.toContain(pending)
    const own = await again.as.users.exportData({})
    expect(rowsOf(own, 'users')[0]).not.toHaveProperty('privateMetadata')
    expect(own.sections[0]?.withheld.find(({ fields }) => fields.includes('privateMetadata'))?.why).toMatch(/applications keep it/)
    expect(rowsOf(own, 'memberships')).toHaveLength(2)
    await admin.as.users.archive({ userId })
    const archived = await admin.as.users.exportData({ userId })
    expect(rowsOf(archived, 'users')).toMatchObject([{ id: userId, email, status: 'archived', archivedBy: admin.user.id }])
  })

  test('an address that is not proved finds nothing: what was sent to it may be of somebody else', async () => {
    const organizationId = await world().newOrganization()
    const owner = await world().asMember(organizationId, 'owner')
    const claimed = await world().signUp({ email: newEmail() })
    await owner.as.organizations.invite({ organizationId, email: claimed.user.email ?? '', role: 'member' })
    const invitations = async () => (await claimed.as.users.exportData({})).sections.find(({ table }) => table === 'invitations')?.rows
    expect(await invitations()).toEqual([])
    await world().asSystem().users.update({ userId: claimed.user.id, emailVerified: true })
    expect(await invitations()).toMatchObject([{ organizationId, invitedBy: owner.user.id }])
  })
})

describe('long sections', () => {
  test('say that there is more, and go on where they ended, until all is there once', async () => {
    const { person, boss } = traces
    const { id: userId } = person.user
    const { as } = await world().signIn(boss.user)
    const whole = await as.users.exportData({ userId, limit: 1000 })
    const first = await as.users.exportData({ userId, limit: 2 })
    expect(first.complete).toBe(false)
    // Nothing writes to these in the background, nor does the export itself.
    const still = ['recovery_codes', 'login_attempts', 'events']
    const long = first.sections.filter(({ complete }) => !complete)
    expect(long.map(({ table }) => table)).toEqual(expect.arrayContaining([...still, 'sessions', 'audit_entries']))
    for (const { table, rows, nextCursor } of long.filter(({ table }) => still.includes(table))) {
      const all = [...rows]
      for (let cursor = nextCursor; cursor !== null;) {
        const { sections } = await as.users.exportData({ userId, limit: 2, cursor })
        expect(sections.map((section) => section.table)).toEqual([table])
        all.push(...(sections[0]?.rows ?? []))
        cursor = sections[0]?.nextCursor ?? null
      }
      expect(all).toEqual(whole.sections.find((section) => section.table === table)?.rows)
    }
    const cursor = long[0]?.nextCursor ?? ''
    const another = await world().asSuperadmin()
    await expect(another.as.users.exportData({ userId, cursor })).rejects.toMatchObject({ code: 'request.invalid' })
    await expect(as.users.exportData({ userId: boss.user.id, cursor })).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
