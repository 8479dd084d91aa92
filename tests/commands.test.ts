import { createClient, type AppRouter, type DenizenError } from '@denizen/client'
import type { Calls } from '@denizen/core/calls'
import { createTRPCClient, httpLink } from '@trpc/client'
import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { runHere } from '../apps/cli/src/testing/terminal.ts'
import { useServedInstallation } from './set-up.ts'

const served = useServedInstallation()
const sdk = (): Calls => createClient({ url: served().server.url, token: served().admin.token })

/** Exit codes that scripts rely on. */
const exit = { ok: 0, conflict: 5 }

async function cli(...parameters: readonly string[]) {
  // Without a process of its own: what that does besides is for the tests of the command.
  const environment = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: served().admin.token, XDG_CONFIG_HOME: '/nonexistent' }
  const { code, stdout, stderr } = await runHere([...parameters, '--json'], environment)
  const [, failure = 'null'] = /^(\{"error":.*\})$/m.exec(stderr) ?? []
  const told = JSON.parse(failure) as { error: { code: string; details: unknown } } | null
  return { code, answer: stdout === '' ? null : (JSON.parse(stdout) as unknown), error: told?.error ?? null }
}

describe('a plan', () => {
  it('over the SDK counts what the command then does, and writes nothing', async () => {
    const victim = await served().database.people.signUp({ username: 'is-planned' })
    await served().database.people.signIn(victim.user)
    const input = { userId: victim.user.id, status: 'suspended' } as const
    const before = await served().database.counts()
    const plan = await sdk().users.setStatus.plan(input)
    expect(plan).toEqual({
      rows: {
        users: { inserted: 0, updated: 1, deleted: 0 },
        sessions: { inserted: 0, updated: 2, deleted: 0 },
        tokens: { inserted: 0, updated: 4, deleted: 0 },
        former_states: { inserted: 1, updated: 0, deleted: 0 },
      },
      sessionsEnded: 2,
      tokensEnded: 2,
      events: { 'users.statusChanged': 1 },
      jobs: {},
      failed: [],
    })
    expect(await served().database.counts()).toEqual(before)
    const client = createClient({ url: served().server.url, token: victim.token })
    expect(await client.sessions.whoami()).toMatchObject({ user: { status: 'active' } })
    expect(await sdk().users.setStatus(input)).toMatchObject({ sessionsEnded: 2, tokensEnded: 2 })
    await expect(client.sessions.whoami()).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  it('over the CLI counts, and writes nothing', async () => {
    const before = await served().database.counts()
    const { code, answer } = await cli('users', 'create', '--email', 'planned@example.com', '--dry-run')
    expect(code).toBe(exit.ok)
    expect(answer).toMatchObject({ rows: { users: { inserted: 1, updated: 0, deleted: 0 } }, events: { 'users.created': 1 } })
    expect(await served().database.counts()).toEqual(before)
  })

  it('fails as the command would', async () => {
    await served().database.people.newUser({ email: 'has-it@example.com' })
    const input = { email: 'has-it@example.com' }
    await expect(sdk().users.create.plan(input)).rejects.toMatchObject({ code: 'users.emailTaken', kind: 'conflict' })
  })
})

describe('an idempotency key', () => {
  it('over the SDK gives the same answer again, and refuses another input', async () => {
    const options = { idempotencyKey: 'sdk-once' }
    const first = await sdk().users.create({ email: 'once@example.com' }, options)
    const before = await served().database.counts()
    expect(await sdk().users.create({ email: 'once@example.com' }, options)).toEqual(first)
    expect(await served().database.counts()).toEqual(before)
    await expect(sdk().users.create({ email: 'other@example.com' }, options)).rejects.toMatchObject({
      code: 'request.idempotencyConflict',
      kind: 'conflict',
    })
    expect(await sdk().users.find({ identifier: 'other@example.com' })).toBeNull()
  })

  it('holds for 20 calls at once: they get one answer', async () => {
    const options = { idempotencyKey: 'sdk-race' }
    const racing = Array.from({ length: 20 }, () => sdk().users.create({ email: 'raced@example.com' }, options))
    const [first, ...others] = await Promise.all(racing)
    expect(first).toMatchObject({ email: 'raced@example.com' })
    expect(others).toEqual(others.map(() => first))
  })

  it('over the CLI gives the same answer again, and refuses another input', async () => {
    const create = (email: string) => cli('users', 'create', '--email', email, '--idempotency-key', 'cli-once')
    const first = await create('cli-once@example.com')
    expect(first).toMatchObject({ code: exit.ok, answer: { email: 'cli-once@example.com' } })
    const before = await served().database.counts()
    expect(await create('cli-once@example.com')).toEqual(first)
    expect(await served().database.counts()).toEqual(before)
    expect(await create('cli-other@example.com')).toMatchObject({
      code: exit.conflict,
      answer: null,
      error: { code: 'request.idempotencyConflict' },
    })
    expect(await sdk().users.find({ identifier: 'cli-other@example.com' })).toBeNull()
  })
})

describe('a version', () => {
  it('over the SDK lets the first of two changes win, and tells the second', async () => {
    const { id: userId, version } = await served().database.people.newUser()
    const changed = await sdk().users.update({ userId, version, displayName: 'First' })
    expect(changed.version).toBe(version + 1)
    await expect(sdk().users.update({ userId, version, displayName: 'Second' })).rejects.toMatchObject({
      code: 'request.versionConflict',
      kind: 'conflict',
      details: { expected: version, current: version + 1 },
    })
    expect(await sdk().users.get({ userId })).toMatchObject({ displayName: 'First', version: version + 1 })
  })

  it('lets one of 20 changes at once win', async () => {
    const { id: userId, version } = await served().database.people.newUser()
    const racing = Array.from({ length: 20 }, (_, index) => sdk().users.update({ userId, version, displayName: `Racer ${index}` }))
    const outcomes = await Promise.allSettled(racing)
    const codes = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'won' : (outcome.reason as DenizenError).code))
    expect(codes.filter((code) => code === 'won')).toHaveLength(1)
    expect(codes.filter((code) => code === 'request.versionConflict')).toHaveLength(19)
  })

  it('over the CLI is a conflict when it is old', async () => {
    const { id, version } = await served().database.people.newUser()
    await sdk().users.update({ userId: id, version, displayName: 'First' })
    expect(await cli('users', 'update', id, '--version', String(version), '--display-name', 'Second')).toMatchObject({
      code: exit.conflict,
      answer: null,
      error: { code: 'request.versionConflict', details: { expected: version, current: version + 1 } },
    })
    expect(await sdk().users.get({ userId: id })).toMatchObject({ displayName: 'First' })
  })
})

it('the typed client of tRPC has the types of the actions', async () => {
  const headers = { authorization: `Bearer ${served().admin.token}` }
  const client = createTRPCClient<AppRouter>({ links: [httpLink({ url: `${served().server.url}/trpc`, transformer: superjson, headers })] })
  // Compiling this is half of the test.
  const { user, session }: { user: { username: string }; session: { expiresAt: Date } | null } = await client.sessions.whoami.query()
  expect(user.username).toMatch(/^person-/)
  expect(session?.expiresAt).toBeInstanceOf(Date)
})
