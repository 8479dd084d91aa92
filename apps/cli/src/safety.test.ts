import { password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

it('O15: an API token lasts 90 days unless somebody says otherwise, and what may do everything is asked first', async () => {
  const created = await run('tokens', 'create', 'limited', '--scopes', 'users.get', '--json')
  expect([created.code, created.stderr]).toEqual([0, ''])
  const { token } = created.json<{ token: { createdAt: string; expiresAt: string } }>()
  expect(Date.parse(token.expiresAt) - Date.parse(token.createdAt)).toBe(90 * 86_400_000)
  const all = await run('tokens', 'create', 'all', '--no-expiry', '--yes', '--json')
  expect(all.json<{ token: { expiresAt: string | null } }>().token.expiresAt).toBeNull()
  const unasked = await run('tokens', 'create', 'all', '--no-expiry')
  expect([unasked.code, unasked.stderr]).toEqual([
    2,
    expect.stringContaining('everything that its user may, until it is revoked. Create it?'),
  ])
})

it('O15: making somebody a superadmin is asked first, under either command', async () => {
  const { user } = await served().world.signUp()
  for (const line of [
    ['access', 'assign-role', '--user', user.username, '--role', 'superadmin'],
    ['users', 'promote', user.username],
  ])
    expect((await run(...line)).stderr).toContain('There is no terminal to ask on')
  expect((await run('access', 'assign-role', '--user', user.username, '--role', 'monitor')).code).toBe(0)
})

it('O15: creating a user says how the person signs in now', async () => {
  const name = `new-${crypto.randomUUID().slice(0, 8)}`
  expect((await run('users', 'create', '--username', name, '--email', `${name}@example.org`)).stdout).toMatch(
    new RegExp(`There is no password yet\\. Mail them a link to choose one: .*denizen users send-setup-link ${name}`),
  )
  expect((await run('users', 'create', '--username', `${name}-2`)).stdout).toContain(`users update ${name}-2 --password-prompt`)
})

it('O15: call --schema prints what an action takes and answers', async () => {
  const { code, stdout } = await run('call', 'users.list', '--schema')
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ action: 'users.list', kind: 'query', input: expect.objectContaining({ type: 'object' }) as object }),
  ])
  expect(stdout).toContain('lastSeenAt')
  expect(stdout).toContain('date-time')
})

it('O14: a session of the command line says which version on which machine it is', async () => {
  const { world, server } = served()
  const { user } = await world.signUp()
  const line = ['login', '--url', server.url, '--username', user.username, '--password-stdin']
  expect((await terminal.here(line, {}, password)).code).toBe(0)
  const agents = await world.rows<{ user_agent: string | null }>('select distinct user_agent from login_attempts where identifier = ?', [
    user.username,
  ])
  expect(agents.map(({ user_agent: agent }) => agent)).toContainEqual(expect.stringMatching(/^denizen\/\d+\.\d+\.\d+\S* \([\w.-]*\)$/))
})
