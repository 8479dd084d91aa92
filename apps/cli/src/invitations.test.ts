import { newEmail, password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

it('Found by a stranger: an invitation for somebody else is told so before a password is chosen, one for oneself how long it has to be', async () => {
  const { world, server, stranger } = served()
  const organizationId = await world.newOrganization('acme')
  const email = newEmail()
  await world.asSystem().organizations.invite({ organizationId, email })
  await world.work()
  const link = world.mailer.linkTo(email)
  const answered = async (env: Readonly<Record<string, string>>) => {
    const line = ['orgs', 'accept-invitation', '--token-prompt', '--password-prompt']
    const running = terminal.start(line, { columns: 100, env: { DENIZEN_URL: server.url, ...env } })
    await running.answers(['Token', link])
    return running
  }
  const { code, stdout } = await (await answered({ DENIZEN_TOKEN: stranger.token })).ended
  expect([code, stdout]).toEqual([4, expect.stringContaining(`is for ${email}`)])
  expect(stdout).not.toContain('Password')
  const reset = await terminal.here(['password', 'reset', '--stdin'], { DENIZEN_URL: server.url }, `${link}\n${password}`)
  expect(reset.stderr).toMatch(
    /it is an invitation\. \(auth\.linkInvalid\)\s+next: {2}Accept it: .*orgs accept-invitation --token-prompt$/m,
  )
  await world.asAnonymous().auth.requestPasswordReset({ email: stranger.user.email ?? '' })
  await world.work()
  const other = world.mailer.linkTo(stranger.user.email ?? '')
  for (const line of ['view-invitation', 'accept-invitation']) {
    const { stderr } = await terminal.here(['orgs', line, '--token-stdin'], { DENIZEN_URL: server.url }, other)
    expect(stderr).toMatch(/not one to answer an invitation: it chooses a password\.[^]*next: {2}Choose it: .*password reset$/m)
  }
  const alone = await answered({})
  await alone.says('Password (at least 15 characters)')
  await alone.stop('SIGKILL')
})
