import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { enrolAuthenticator, password, type SignedInUser } from '@denizen/core/testing'
import { beforeEach, expect, it } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import type { Login } from './login-store.ts'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()
const file = '.config/denizen/login.json'
const kept = (): Login => JSON.parse(terminal.read(file)) as Login
beforeEach(() => rmSync(join(terminal.home, file), { force: true }))

async function login(typed = password, ...more: readonly string[]) {
  const { server, admin } = served()
  const line = ['login', '--url', server.url, '--username', admin.user.username]
  const ended = await terminal.here([...line, ...(more.length === 0 ? ['--password-stdin'] : more)], {}, typed)
  return ended
}

async function whoAmI(): Promise<string> {
  const ended = await terminal.here(['whoami', '--json'])
  return ended.code === 0 ? ended.json<{ user: { username: string } }>().user.username : ended.stderr
}

const sessionsOf = ({ user }: SignedInUser) =>
  served().world.rows<{ open: boolean }>(
    `select ended_at is null as open from sessions where user_id = (select id from users where username = ?)`,
    [user.username],
  )

/** What somebody types into the browser, as soon as the command has begun. */
const codeOfPendingLogin = () =>
  eventually(30_000, 'a login that waits for its approval', async () => {
    const [row] = await served().world.rows<{ user_code: string }>(`select user_code from device_logins where status = 'pending'`)
    return row?.user_code
  })

it('denizen login is approved in a browser, and says where and with which code', async () => {
  const { server, stranger, world } = served()
  const approver = await world.signIn(stranger.user) // approving takes a fresh proof
  const login = terminal.here(['login', '--url', server.url, '--no-browser', '--json'])
  const code = await codeOfPendingLogin()
  await approver.as.auth.approveDeviceLogin({ userCode: code })
  const ended = await login
  expect([ended.code, ended.json()]).toEqual([
    0,
    expect.objectContaining({ user: expect.objectContaining({ username: stranger.user.username }) }),
  ])
  expect(ended.stderr).toContain(`${code.slice(0, 4)}-${code.slice(4)}`)
  expect(ended.stderr).toMatch(/Approve this sign-in at {2}http:\/\/localhost:\d+\/device/)
  expect(ended.stderr + ended.stdout).not.toMatch(/dnz_/)
  expect(kept()).toMatchObject({ url: server.url, username: stranger.user.username, refreshToken: expect.stringMatching(/^dnz_refresh_/) })
  expect(await whoAmI()).toBe(stranger.user.username)
  expect((await terminal.here(['logout'])).code).toBe(0)
})

it('O3: Ctrl-C while a login waits for its approval ends it as cancelled, and not as done', async () => {
  const login = terminal.start(['login', '--url', served().server.url, '--no-browser'], { columns: 100 })
  await login.says('Waiting for the approval')
  login.types('\u0003')
  const { code, stdout } = await login.ended
  expect([code, stdout]).toEqual([130, expect.stringMatching(/Cancelled\.\s*$/)])
  await served()
    .world.asAnonymous()
    .auth.denyDeviceLogin({ userCode: await codeOfPendingLogin() })
  expect(() => terminal.read(file)).toThrow('ENOENT')
})

it('U1: Ctrl-D at a prompt ends the command as cancelled', async () => {
  const login = terminal.start(['login', '--url', served().server.url, '--username', 'ada'], { columns: 100 })
  await login.says('Password')
  login.types('\u0004')
  const { code, stdout } = await login.ended
  expect([code, stdout]).toEqual([130, expect.stringMatching(/Cancelled\. Nothing was changed\. \(cli\.cancelled\)\s*$/)])
})

it('a denied login ends with what to do', async () => {
  const { world, server } = served()
  const login = terminal.here(['login', '--url', server.url, '--no-browser'])
  await world.asAnonymous().auth.denyDeviceLogin({ userCode: await codeOfPendingLogin() })
  const { code, stderr } = await login
  expect([code, stderr]).toEqual([
    4,
    expect.stringMatching(/auth\.deviceDenied[^]*next: {2}If that was a mistake, start again.*denizen login/),
  ])
  expect(() => terminal.read(file)).toThrow('ENOENT')
})

it('a token that has ended is renewed, before it is used and when the server says so', async () => {
  await login()
  const { world, admin } = served()
  const first = kept()
  expect(first.expiresAt).toMatch(/^\d{4}-/)
  terminal.write(file, JSON.stringify({ ...first, expiresAt: new Date(Date.now() + 30_000).toISOString() }))
  expect(await whoAmI()).toBe(admin.user.username)
  const second = kept()
  expect([second.token === first.token, second.refreshToken === first.refreshToken]).toEqual([false, false])
  expect(terminal.modeOf(file)).toBe('600')
  // The server's clock runs ahead: here the token looks good, there it is over.
  world.clock.advance(2 * 3_600_000)
  terminal.write(file, JSON.stringify({ ...second, expiresAt: new Date(Date.now() + 3_600_000).toISOString() }))
  expect(await whoAmI()).toBe(admin.user.username)
  expect(kept().token).not.toBe(second.token)
  expect(() => terminal.read(`${file}.lock`)).toThrow('ENOENT')
})

it('many commands that find the token over at the same time renew it once, and all of them work', async () => {
  await login()
  const { world } = served()
  const before = kept()
  world.clock.advance(2 * 3_600_000)
  const ended = await Promise.all(Array.from({ length: 4 }, () => terminal.run(['whoami', '--json'])))
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, '']))
  const tokens = await world.rows(
    `select 1 from tokens where kind = 'refresh' and session_id = (select session_id from tokens where hash = ?)`,
    [world.ports.digest.sha256(before.refreshToken ?? '')],
  )
  expect(tokens).toHaveLength(2)
})

it('a session that was ended is not renewed: one has to sign in again', async () => {
  await login()
  const { world } = served()
  await world.asAnonymous().auth.revokeToken({ token: kept().refreshToken ?? '' })
  const ended = await terminal.here(['whoami'])
  expect([ended.code, ended.stderr]).toEqual([4, expect.stringMatching(/request\.unauthenticated[^]*denizen login/)])
  expect((await terminal.here(['logout'])).code).toBe(0)
})

it('a logout ends the session also when its access token is over', async () => {
  const someone = await served().world.signUp()
  const { server, world } = served()
  const line = ['login', '--url', server.url, '--username', someone.user.username, '--password-stdin']
  await terminal.here(line, {}, password)
  world.clock.advance(2 * 3_600_000)
  expect((await terminal.here(['logout'])).code).toBe(0)
  expect((await sessionsOf(someone)).filter(({ open }) => !open)).toHaveLength(1)
})

it('a lock that somebody left behind is taken over', async () => {
  await login()
  const { admin } = served()
  const first = kept()
  terminal.write(file, JSON.stringify({ ...first, expiresAt: new Date(0).toISOString() }))
  const lock = terminal.write(`${file}.lock`, '1\n')
  utimesSync(lock, new Date(0), new Date(0))
  expect(await whoAmI()).toBe(admin.user.username)
  expect(kept().token).not.toBe(first.token)
})

it('a second factor is asked for: its code comes in a second line', async () => {
  const { world, server } = served()
  const ada = await world.signUp()
  const app = await enrolAuthenticator(world, ada)
  const line = ['login', '--url', server.url, '--username', ada.user.username]
  const without = await terminal.here([...line, '--password-stdin'], {}, password)
  expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/Code of your authenticator app[^]*--code-stdin/)])
  const wrong = await terminal.here([...line, '--code-stdin'], {}, `${password}\n${app.wrongCode()}\n`)
  expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('auth.wrongFactor')])
  const short = await terminal.here([...line, '--code-stdin'], {}, password)
  expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('two lines')])
  const right = await terminal.here([...line, '--code-stdin'], {}, `${password}\n${app.code()}\n`)
  expect([right.code, right.stderr]).toEqual([0, ''])
  expect((await terminal.here(['whoami', '--json'])).json()).toMatchObject({ session: { assurance: 'aal2' } })
})

it('a step that is still owed is told with what to type', async () => {
  const { world, server } = served()
  const ada = await world.signUp()
  await world.rows('update users set need_password_change = true where username = ? returning 1', [ada.user.username])
  const line = ['login', '--url', server.url, '--username', ada.user.username, '--password-stdin']
  const { code, stderr } = await terminal.here(line, {}, password)
  expect([code, stderr]).toEqual([0, expect.stringMatching(/change password\.\nnext: {2}Choose a new password: .*denizen password change/)])
})

it('a session that was approved elsewhere proves who its user is before a sensitive change', async () => {
  const { world } = served()
  const ada = await world.signUp()
  const change = () => terminal.here(['tokens', 'create', 'backup', '--yes', '--json'])
  await terminal.here(['login', '--url', served().server.url, '--username', ada.user.username, '--password-stdin'], {}, password)
  world.clock.advance(5 * 60_000)
  const early = await change()
  expect([early.code, early.stderr]).toEqual([4, expect.stringMatching(/auth\.freshProofRequired[^]*denizen reauthenticate/)])
  const asked = await terminal.here(['reauthenticate'])
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/Password is missing[^]*--password-stdin/)])
  const wrong = await terminal.here(['reauthenticate', '--password-stdin'], {}, 'canary')
  expect([wrong.code, wrong.stderr]).toEqual([4, expect.not.stringContaining('canary')])
  const proved = await terminal.here(['reauthenticate', '--password-stdin'], {}, `${password}\n`)
  expect([proved.code, proved.stdout]).toEqual([0, expect.stringContaining('Sensitive changes are allowed until')])
  expect((await change()).code).toBe(0)

  const app = await enrolAuthenticator(world, await world.signIn(ada.user))
  await terminal.here(
    ['login', '--url', served().server.url, '--username', ada.user.username, '--code-stdin'],
    {},
    `${password}\n${app.code()}\n`,
  )
  world.clock.advance(5 * 60_000)
  const code = await terminal.here(['reauthenticate'])
  expect([code.code, code.stderr]).toEqual([2, expect.stringMatching(/authenticator app[^]*--code-stdin/)])
  expect((await terminal.here(['reauthenticate', '--code-stdin'], {}, app.code())).code).toBe(0)
})

it('at a terminal a sensitive change asks for the password at once, and is then made', async () => {
  const { world, server } = served()
  const ada = await world.signUp()
  await terminal.here(['login', '--url', server.url, '--username', ada.user.username, '--password-stdin'], {}, password)
  world.clock.advance(5 * 60_000)
  const creating = terminal.start(['tokens', 'create', 'backup', '--yes', '--json'], { columns: 100 })
  await creating.says('please confirm that it is you')
  await creating.says('Password')
  creating.types('mistyped\r')
  await creating.says('Password', 3) // asked, answered, asked again
  creating.types(`${password}\r`)
  const { code, stdout } = await creating.ended
  expect([code, stdout]).toEqual([0, expect.stringContaining('"secret": "dnz_api_')])
})

it('Found by a stranger: where no server is, nobody is asked for a password', async () => {
  const { code, stderr } = await terminal.here(['login', '--url', 'http://127.0.0.1:1', '--username', 'ada'])
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: No server answers at http:\/\/127\.0\.0\.1:1/)])
})

it('Found by a stranger: after a wrong password each way on has a line of its own', async () => {
  const { stderr } = await login('wrong')
  expect(stderr.match(/^next: {2}.*$/gm)).toEqual([
    expect.stringMatching(/denizen password forgot ADDRESS --url http:\/\/\S+$/),
    expect.stringMatching(/denizen users send-setup-link …$/),
    expect.stringMatching(/"Locked out" in docs\/operations\.md$/),
  ])
})
