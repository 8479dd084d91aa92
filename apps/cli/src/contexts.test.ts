import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { password } from '@denizen/core/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()
beforeEach(() => rmSync(join(terminal.home, '.config'), { recursive: true, force: true }))

const run = (...line: string[]) => terminal.here(line)
const login = (who: 'admin' | 'stranger', ...more: string[]) => {
  const { server } = served()
  const line = ['login', '--url', server.url, '--username', served()[who].user.username, '--password-stdin', ...more]
  return terminal.here(line, {}, password)
}
async function whoAmI(line: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const ended = await terminal.here(['whoami', '--json', ...line], env)
  return ended.code === 0 ? ended.json<{ user: { username: string } }>().user.username : ended.stderr
}

describe('O15: contexts', () => {
  it('several logins are kept; one command works in another, and the one in use is switched', async () => {
    const [admin, stranger] = [served().admin.user.username, served().stranger.user.username]
    expect((await login('admin')).code).toBe(0) // a file as versions without contexts wrote it
    expect((await login('stranger', '--context', 'laptop')).stdout).toContain('The context laptop is in use now.')
    expect(await whoAmI()).toBe(stranger)
    expect(await whoAmI(['--context', 'default'])).toBe(admin)
    expect(await whoAmI([], { DENIZEN_CONTEXT: 'default' })).toBe(admin)
    expect((await run('context', 'use', 'default')).stdout).toBe(`Using default: ${served().server.url} as ${admin}.\n`)
    expect(await whoAmI()).toBe(admin)
    const { stdout } = await run('context', 'list')
    expect(stdout).toMatch(
      new RegExp(`^NAME +SERVER +USER\ndefault \\(in use\\) +${served().server.url} +${admin}\nlaptop +\\S+ +${stranger}$`, 'm'),
    )
    expect((await run('whoami')).stdout).toMatch(/^context +default$/m)
  })

  it('questions say where they would be answered, once there are several', async () => {
    const { server } = served()
    await login('admin')
    const ask = async () => (await run('users', 'archive', served().stranger.user.username)).stderr
    expect(await ask()).not.toContain(server.url)
    await login('admin', '--context', 'laptop')
    expect(await ask()).toContain(`[laptop, ${server.url}] Archive`)
  })

  it('a name that is not there acts as nobody else, and neither does a token in the environment', async () => {
    await login('admin')
    const unknown = await run('whoami', '--context', 'prod')
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(/no context "prod"\. There is default\.[^]*login --context prod/),
    ])
    expect(await whoAmI([], { DENIZEN_CONTEXT: 'prod' })).toContain('There is no context')
    expect(await whoAmI([], { DENIZEN_CONTEXT: '' })).toContain('DENIZEN_CONTEXT is not the name of a context')
    expect(await whoAmI(['--context', '../login'])).toContain('--context is not the name of a context')
    expect(await whoAmI(['--context', 'default'], { DENIZEN_TOKEN: 'x' })).toContain('DENIZEN_TOKEN is set')
    expect((await run('context', 'use', 'prod')).code).toBe(2)
  })

  it('removing one ends its session, and leaves the others', async () => {
    await login('admin')
    await login('stranger', '--context', 'laptop')
    const { token } = JSON.parse(terminal.read('.config/denizen/contexts/laptop.json')) as { token: string }
    expect(await served().world.core.authenticate(token)).not.toBeNull()
    expect((await run('context', 'remove', 'laptop')).stdout).toBe(`Removed laptop: signed out of ${served().server.url}.\n`)
    await expect(served().world.core.authenticate(token)).resolves.toBeNull()
    expect(await whoAmI(['--context', 'default'])).toBe(served().admin.user.username)
    // What was in use is not replaced silently.
    expect(await whoAmI()).toContain('The login that was in use, laptop, is gone.')
    expect((await run('logout')).stdout).toBe('You were not signed in.\n')
    expect((await run('logout', '--context', 'default')).stdout).toContain('Signed out of')
    expect((await run('context', 'list')).stdout).toContain('No login is kept.')
  })
})

it('Found by a stranger: who is signed in too often is told whose sessions are listed here, and what else there is to do', async () => {
  const { world } = served()
  const user = await world.newUser({ emailVerified: true })
  const operator = world.asSystem()
  const policy = await operator.policies.create({ name: 'one-login', limits: { maxConcurrentLogins: 1, loginExcess: 'refuse' } })
  await operator.policies.assign({ policyId: policy.id, userId: user.id })
  await world.signIn(user)
  await login('admin')
  const line = ['login', '--url', served().server.url, '--context', 'other', '--password-stdin', '--username']
  const byAddress = (await terminal.here([...line, user.email ?? ''], {}, password)).stderr
  expect(byAddress).toContain(`denizen sessions list, but here that lists those of ${served().admin.user.username} (context default)`)
  expect(byAddress).toContain(`denizen password forgot ${user.email} --url ${served().server.url}`)
  const byName = (await terminal.here([...line, user.username], {}, password)).stderr
  expect(byName).toContain('denizen password forgot ADDRESS --url')
  await world.asAnonymous().auth.requestPasswordReset({ email: user.email ?? '' })
  await world.work()
  await world.asAnonymous().auth.resetPassword({ token: world.mailer.tokenFor(user.email ?? ''), password: 'wheelbarrow antlers soup' })
  expect((await terminal.here([...line, user.username], {}, 'wheelbarrow antlers soup')).code).toBe(0)
})
