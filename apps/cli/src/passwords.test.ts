import { newEmail, password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { denizen } from './common-options.ts'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const chosen = 'wheelbarrow antlers soup'

async function somebody() {
  const { world, server } = served()
  const user = await world.newUser({ emailVerified: true })
  const { token } = await world.signIn(user)
  return { user, env: { DENIZEN_URL: server.url, DENIZEN_TOKEN: token } }
}

it('password change takes both passwords from standard input, proves them first where the session is older, and repeats neither', async () => {
  const { user, env } = await somebody()
  served().world.clock.advance(6 * 60_000)
  const { code, stdout, stderr } = await terminal.here(['password', 'change', '--stdin'], env, `${password}\n${chosen}\n`)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toBe('Your password is changed. Other sessions that ended: 0.\n')
  await expect(served().world.signIn(user, chosen)).resolves.toBeDefined()
  const again = await terminal.here(['password', 'change', '--stdin'], env, `canary-canary\n${password}`)
  expect([again.code, again.stderr]).toEqual([4, expect.stringContaining('auth.wrongProof')])
  const weak = await terminal.here(['password', 'change', '--stdin', '--json'], env, `${chosen}\ncanary`)
  expect(weak.failure().code).toBe('passwords.tooShort')
  expect(again.stderr + weak.stderr).not.toContain('canary')
})

it('O2: without a mail server what mails a link says so, and claims nothing', async () => {
  const { user } = await somebody()
  served().world.mailer.isConfigured = false
  try {
    for (const line of [
      ['password', 'forgot', user.email ?? ''],
      ['users', 'send-setup-link', user.username],
    ]) {
      const { code, stdout, stderr } = await terminal.here(line, asAdmin())
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/mail\.notConfigured[^]*next: {2}Set DENIZEN_SMTP_URL/)])
    }
  } finally {
    served().world.mailer.isConfigured = true
  }
})

it('password change asks, and where there is nobody to ask says what to do; one line is not enough', async () => {
  const { env } = await somebody()
  const asked = await terminal.here(['password', 'change'], env)
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--stdin')])
  const half = await terminal.here(['password', 'change', '--stdin'], env, password)
  expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('2 lines')])
})

it('password forgot and password reset lead to a new password, with the token or the whole link', async () => {
  const { user, env } = await somebody()
  const { world } = served()
  for (const next of [chosen, 'another horse entirely']) {
    const sent = await terminal.here(['password', 'forgot', user.email ?? ''], env)
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining('If there is an account with this address')])
    await world.work()
    const link = next === chosen ? world.mailer.tokenFor(user.email ?? '') : world.mailer.linkTo(user.email ?? '')
    const reset = await terminal.here(['password', 'reset', '--stdin'], { DENIZEN_URL: env.DENIZEN_URL }, `${link}\n${next}`)
    expect([reset.code, reset.stdout]).toEqual([
      0,
      `The password is set. Sign in as ${user.username}: ${denizen} login --username ${user.username}\n`,
    ])
    await expect(world.signIn(user, next)).resolves.toBeDefined()
  }
})

it('users send-setup-link sends a user what it takes to choose a password, and shows the operator nothing of it', async () => {
  const { world } = served()
  const user = await world.asSystem().users.create({ email: newEmail() })
  const { code, stdout } = await terminal.here(['users', 'send-setup-link', user?.email ?? ''], asAdmin())
  expect([code, stdout]).toEqual([0, expect.stringContaining('was sent')])
  await world.work()
  const token = world.mailer.tokenFor(user?.email ?? '')
  expect(stdout).not.toContain(token)
  await expect(world.asAnonymous().auth.resetPassword({ token, password: chosen })).resolves.toBeDefined()
})

it('users impersonate gives a token that acts as the user, until it is stopped', async () => {
  const { world, server, admin } = served()
  const user = await world.newUser()
  const own = { DENIZEN_URL: server.url, DENIZEN_TOKEN: (await world.signIn(admin.user)).token }
  const unasked = await terminal.here(['users', 'impersonate', user.username, '--reason', 'ticket 4711'], own)
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
  const opened = await terminal.here(['users', 'impersonate', user.username, '--reason', 'ticket 4711', '--yes', '--json'], own)
  const { accessToken } = opened.json<{ accessToken: string }>()
  const guise = { DENIZEN_URL: server.url, DENIZEN_TOKEN: accessToken }
  expect((await terminal.here(['whoami', '--json'], guise)).json<{ user: { username: string } }>().user.username).toBe(user.username)
  expect((await terminal.here(['users', 'stop-impersonating'], guise)).stdout).toContain('impersonation has ended')
  expect((await terminal.here(['whoami'], guise)).code).toBe(4)
  expect((await terminal.here(['whoami'], own)).code).toBe(0)
})

it('a mail that was asked for is told with what comes next', async () => {
  const { user, token } = await served().world.signUp()
  const env = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: token }
  const own = await terminal.here(['auth', 'request-email-verification'], env)
  expect([own.code, own.stdout]).toEqual([0, expect.stringMatching(/^A link was sent to your address; it works until .*\. Open it, /)])
  const link = await terminal.here(['auth', 'request-magic-link', '--email', user.email ?? ''], env)
  expect([link.code, link.stdout]).toEqual([
    0,
    expect.stringMatching(/^If there is an account with this address, a link was sent there[^]*^binding +dnz_\S+$/m),
  ])
})

it('Found by a stranger: after a password that is too short only another is asked for', async () => {
  const { user, env } = await somebody()
  const running = terminal.start(['password', 'change'], { columns: 100, env })
  await running.answers(['Old password', password], ['New password', 'short'], ['New password, again', 'short'])
  const { length } = (await running.says('too short')).split('New password, again')
  running.types(`${chosen}\r`)
  await running.says('New password, again', length)
  running.types(`${chosen}\r`)
  expect((await running.ended).code).toBe(0)
  await expect(served().world.signIn(user, chosen)).resolves.toBeDefined()
})

it('Found by a stranger: a link that is over is told before a new password is asked for', async () => {
  const running = await resettingWith('dnz_mail_nothing')
  const { code, stdout } = await running.ended
  expect([code, stdout]).toEqual([3, expect.stringContaining('(auth.linkInvalid)')])
  expect(stdout).not.toContain('New password')
})

it('Found by a reviewer: so is a link of another purpose; one for a password leads on to it', async () => {
  const { world } = served()
  const { user } = await somebody()
  await world.asAnonymous().auth.requestMagicLink({ email: user.email ?? '' })
  await world.work()
  const other = await (await resettingWith(world.mailer.tokenFor(user.email ?? ''))).ended
  const said = /not one to choose a password: it signs in\. \(auth\.linkInvalid\)\s+next: {2}Open it in the browser/
  expect([other.code, other.stdout]).toEqual([3, expect.stringMatching(said)])
  expect(other.stdout).not.toContain('New password')
  const env = { DENIZEN_URL: served().server.url }
  const piped = `${world.mailer.tokenFor(user.email ?? '')}\n${chosen}`
  expect(await terminal.here(['password', 'reset', '--stdin'], env, piped)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(said) as string,
  })

  await world.asAnonymous().auth.requestPasswordReset({ email: user.email ?? '' })
  await world.work()
  const running = await resettingWith(world.mailer.linkTo(user.email ?? ''))
  await running.answers(['New password (at least', chosen], ['again', chosen])
  expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('The password is set.') as string })
  await expect(world.signIn(user, chosen)).resolves.toBeDefined()
})

/** `password reset` at a terminal, after the link was typed. */
async function resettingWith(link: string) {
  const running = terminal.start(['password', 'reset'], { columns: 100, env: { DENIZEN_URL: served().server.url } })
  await running.answers(['The link, or its token', link])
  return running
}

it('Found by a stranger: auth verify-email takes the whole link too, says who one is then, and calls a link for something else what it is', async () => {
  const { world, server } = served()
  const env = { DENIZEN_URL: server.url }
  const email = newEmail()
  await world.asAnonymous().auth.signUp({ email, password: chosen })
  await world.work()
  const confirms = (link: string) => terminal.here(['auth', 'verify-email', '--token-stdin', '--password-stdin'], env, `${link}\n${chosen}`)
  const { code, stdout, stderr } = await confirms(world.mailer.linkTo(email))
  expect([code, stderr, stdout]).toEqual([
    0,
    '',
    expect.stringMatching(/^The account (\S+) is yours, with the address .*: .*login --username \1\n$/),
  ])
  expect(stdout).toContain(email)
  await world.asAnonymous().auth.requestPasswordReset({ email })
  await world.work()
  const other = await confirms(world.mailer.linkTo(email))
  expect([other.code, other.stderr]).toEqual([
    3,
    expect.stringMatching(/not one to confirm an address: it chooses a password\.[^]*next: {2}Choose it: .*password reset$/m),
  ])
})
