import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { password } from '@denizen/core/testing'
import { beforeEach, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()
const file = '.config/denizen/login.json'
beforeEach(() => rmSync(join(terminal.home, '.config'), { recursive: true, force: true }))

interface WhoAmI {
  readonly user: { readonly username: string }
}

function login(typed = password, more: readonly string[] = []) {
  const { server, admin } = served()
  return terminal.here(['login', '--url', server.url, '--username', admin.user.username, '--password-stdin', ...more], {}, typed)
}

it('somebody signs in, is known afterwards, and signs out', async () => {
  const { server, admin } = served()
  const stranger = await terminal.here(['whoami', '--url', server.url])
  expect([stranger.code, stranger.stderr]).toEqual([4, expect.stringContaining(`denizen login --url ${server.url}`)])

  // These two by the command as it is installed, in processes of their own.
  const line = ['login', '--url', server.url, '--username', admin.user.username, '--password-stdin']
  const { code, stdout, stderr } = await terminal.run(line, { input: `${password}\n` })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain(`Signed in to ${server.url} as ${admin.user.username}`)
  const kept = JSON.parse(terminal.read(file)) as { url: string; token: string }
  expect([terminal.modeOf(file), terminal.modeOf('.config/denizen')]).toEqual(['600', '700'])
  expect(kept.url).toBe(server.url)
  expect(stdout).not.toContain(kept.token)

  // No --url: the server that was signed in to.
  expect((await terminal.here(['whoami', '--json'])).json<WhoAmI>().user.username).toBe(admin.user.username)
  expect((await terminal.here(['whoami'])).stdout).toContain('superadmin')

  const left = await terminal.run(['logout'])
  expect([left.code, left.stdout]).toEqual([0, `Signed out of ${server.url}.\n`])
  expect(() => terminal.read(file)).toThrow('ENOENT')
  const late = await terminal.here(['whoami', '--url', server.url], { DENIZEN_TOKEN: kept.token })
  expect([late.code, late.stderr]).toEqual([4, expect.stringContaining('request.unauthenticated')])
  expect((await terminal.here(['logout'])).stdout).toBe('You were not signed in.\n')
})

it('a wrong or an empty password signs nobody in, is not repeated, and keeps nothing', async () => {
  const wrong = await login('canary password')
  expect([wrong.code, wrong.stdout]).toEqual([4, ''])
  expect(wrong.stderr).toContain('auth.invalidCredentials')
  expect(wrong.stderr).not.toContain('canary')
  expect((await login('', ['--json'])).code).not.toBe(0)
  expect(() => terminal.read(file)).toThrow('ENOENT')
})

it('a login goes to its own server only, and DENIZEN_TOKEN before it', async () => {
  await login()
  const { server, stranger } = served()
  const elsewhere = server.url.replace('127.0.0.1', 'localhost')
  expect((await terminal.here(['whoami', '--url', elsewhere])).code).toBe(4)
  const other = await terminal.here(['whoami', '--json'], { DENIZEN_TOKEN: stranger.token })
  expect(other.json<WhoAmI>().user.username).toBe(stranger.user.username)
})

it('O8: an empty variable or option never stands for the login or the database that happens to be there', async () => {
  await login()
  const { server } = served()
  for (const [line, env, name] of [
    [['users', 'list'], { DENIZEN_TOKEN: '' }, 'DENIZEN_TOKEN'],
    [['users', 'list'], { DENIZEN_TOKEN: ' ', DENIZEN_URL: server.url }, 'DENIZEN_TOKEN'],
    [['users', 'list'], { DENIZEN_URL: '' }, 'DENIZEN_URL'],
    [['login', '--username', 'ada', '--password-stdin'], { DENIZEN_URL: '' }, 'DENIZEN_URL'],
    [['users', 'list', '--database', ''], {}, '--database'],
    [['migrate', 'status', '--database', ''], {}, '--database'],
  ] as const)
    expect(await terminal.here(line, env)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(`${name}.*\nnext: `) as string,
    })
})

it('O8: with DENIZEN_TOKEN set, a logout does not end the saved login, and a login says what goes first', async () => {
  await login()
  const { stranger, server, admin } = served()
  for (const DENIZEN_TOKEN of [stranger.token, '']) {
    const refused = await terminal.here(['logout'], { DENIZEN_TOKEN })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/DENIZEN_TOKEN is set[^]*next: {2}Unset it first/)])
  }
  expect((await terminal.here(['whoami', '--json'])).json<WhoAmI>().user.username).toBe(admin.user.username)
  const line = ['login', '--url', server.url, '--username', admin.user.username, '--password-stdin']
  const again = await terminal.here(line, { DENIZEN_TOKEN: stranger.token }, password)
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('DENIZEN_TOKEN is set and takes precedence over this login')])
})

it('XDG_CONFIG_HOME says where a login is kept', async () => {
  const env = { XDG_CONFIG_HOME: `${terminal.home}/xdg` }
  const { server, admin } = served()
  const line = ['login', '--url', server.url, '--username', admin.user.username, '--password-stdin']
  expect((await terminal.here(line, env, password)).code).toBe(0)
  expect(terminal.modeOf('xdg/denizen/login.json')).toBe('600')
})

it('a folder that cannot keep a login is told before a session is made', async () => {
  terminal.write('occupied', '')
  const { world, server, admin } = served()
  const { sessions: before } = await world.counts()
  const line = ['login', '--url', server.url, '--username', admin.user.username, '--password-stdin']
  const { code, stderr } = await terminal.here(line, { XDG_CONFIG_HOME: `${terminal.home}/occupied` }, password)
  expect([code, stderr]).toEqual([2, expect.stringMatching(/cannot be saved in .*occupied[^]*next: .*XDG_CONFIG_HOME/)])
  expect((await world.counts())['sessions']).toBe(before)
})

it('a login file that is broken is explained, replaced by a login, and removed by a logout', async () => {
  await login()
  terminal.write(file, '{"url":')
  const broken = await terminal.here(['users', 'list'])
  expect([broken.code, broken.stderr]).toEqual([2, expect.stringMatching(/login\.json cannot be read as a login\.\nnext: .*denizen login/)])
  expect((await login()).code).toBe(0)
  expect((await terminal.here(['whoami'])).code).toBe(0)
  terminal.write(file, '[]')
  const { code, stderr } = await terminal.here(['logout'])
  expect([code, stderr]).toEqual([0, expect.stringContaining('It is removed')])
  expect(() => terminal.read(file)).toThrow('ENOENT')
})

it('a logout forgets the login even when its server is gone, and says that the session lasts', async () => {
  mkdirSync(join(terminal.home, '.config/denizen'), { recursive: true })
  terminal.write(file, JSON.stringify({ url: 'http://127.0.0.1:1', token: 'dnz_access_canary', username: 'ada' }))
  const { code, stderr } = await terminal.here(['logout'])
  expect([code, stderr]).toEqual([0, expect.stringContaining('warning: The session at http://127.0.0.1:1 could not be ended')])
  expect(stderr).not.toContain('canary')
  expect(() => terminal.read(file)).toThrow('ENOENT')
})

it('--debug tells of requests, and neither of inputs nor of tokens', async () => {
  const { server, stranger } = served()
  const env = { DENIZEN_URL: server.url, DENIZEN_TOKEN: stranger.token }
  const { stderr } = await terminal.here(['users', 'find', 'canary@example.com', '--debug'], env)
  expect(stderr).toMatch(/^debug: GET http:\/\/127\.0\.0\.1:\d+\/trpc\/users\.find \d+ [\d.]+ ms$/m)
  expect(stderr).not.toContain('canary')
  expect(stderr).not.toContain(stranger.token)
})
