import { SoftAuthenticator } from '@denizen/core/testing'
import { Secret, TOTP } from 'otpauth'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const codeOf = (key: string) =>
  new TOTP({ secret: Secret.fromBase32(key.replaceAll(/\s/g, '')) }).generate({ timestamp: served().world.clock.now().getTime() })

async function someone() {
  const { world, server } = served()
  const ada = await world.signUp()
  return { ada, env: { DENIZEN_URL: server.url, DENIZEN_TOKEN: ada.token } }
}

it('an app is set up with a picture, a key to type and a code; the recovery codes come once', async () => {
  const { ada, env } = await someone()
  const begun = await terminal.here(['factors', 'enrol'], env)
  expect([begun.code, begun.stderr]).toEqual([0, expect.stringContaining('factors enrol --code-stdin')])
  expect(begun.stdout.split('\n').filter((line) => /[█▀▄]{5}/.test(line)).length).toBeGreaterThan(10)
  const key = /key\s+((?:[A-Z2-7]{4} ?){8})/.exec(begun.stdout)?.[1] ?? ''
  const wrong = await terminal.here(['factors', 'enrol', '--code-stdin'], env, '000000\n')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/wrongCode[^]*^next: .*key.*factors enrol --code-stdin$/m)])
  const { code, stdout } = await terminal.here(['factors', 'enrol', '--code-stdin'], env, `${codeOf(key)}\n`)
  expect(code).toBe(0)
  expect(stdout.match(/^ {2}([0-9a-z]{4}-){2}[0-9a-z]{4}$/gm)).toHaveLength(10)
  expect((await terminal.here(['factors', 'list', '--json'], env)).json()).toMatchObject({ recoveryCodes: 10, passkeys: 0 })
  const fresh = await terminal.here(['factors', 'regenerate-recovery-codes', '--yes', '--json'], env)
  expect(fresh.json<{ recoveryCodes: string[] }>().recoveryCodes).toHaveLength(10)
  const operator = { DENIZEN_URL: env.DENIZEN_URL, DENIZEN_TOKEN: served().admin.token }
  const reset = await terminal.here(['factors', 'reset', ada.user.username, '--yes'], operator)
  expect([reset.code, reset.stdout]).toEqual([0, expect.stringContaining('the authenticator app')])
})

it('a wrong code at a terminal is asked for again, with the key that was shown', async () => {
  const { env } = await someone()
  const enrolling = terminal.start(['factors', 'enrol'], { env, columns: 100 })
  const shown = await enrolling.says('The code that the app shows now')
  enrolling.types('000000\r')
  // Once asked, once answered, and asked again.
  await enrolling.says('The code that the app shows now', 3)
  const key = /key\S*\s+((?:[A-Z2-7]{4} ?){8})/.exec(shown)?.[1] ?? ''
  enrolling.types(`${codeOf(key)}\r`)
  const { code, stdout } = await enrolling.ended
  expect([code, stdout]).toEqual([0, expect.stringMatching(/not the current code[^]*Recovery codes/)])
  expect(stdout.split('enter the key')).toHaveLength(2)
})

it('an app is disabled', async () => {
  const { env } = await someone()
  const begun = await terminal.here(['factors', 'enrol', '--json'], env)
  const { key, uri } = begun.json<{ key: string; uri: string }>()
  expect(uri).toContain(key)
  await terminal.here(['factors', 'enrol', '--code-stdin'], env, codeOf(key))
  expect((await terminal.here(['factors', 'disable-totp'], env)).code).not.toBe(0)
  const { code, stdout } = await terminal.here(['factors', 'disable-totp', '--yes'], env)
  expect([code, stdout]).toEqual([0, expect.stringContaining('The authenticator app is disabled.')])
})

it('passkeys are listed and removed', async () => {
  const { ada, env } = await someone()
  expect((await terminal.here(['passkeys', 'list'], env)).stdout).toContain('/passkeys')
  const { challenge, options } = await ada.as.passkeys.beginRegistration({})
  const key = new SoftAuthenticator({ origin: 'http://localhost:4000' })
  const { passkey } = await ada.as.passkeys.finishRegistration({ challenge, response: await key.create(options), name: 'Laptop' })
  expect((await terminal.here(['passkeys', 'list'], env)).stdout).toMatch(new RegExp(`${passkey.id} +Laptop .* never +no`))
  const { code, stdout } = await terminal.here(['passkeys', 'remove', passkey.id, '--yes'], env)
  expect([code, stdout]).toEqual([0, expect.stringContaining('The passkey is removed')])
})

it('Found by a stranger: without a factor, a reset speaks of the user, and new recovery codes are refused before anything is asked', async () => {
  const { user } = await served().world.signUp()
  const reset = await terminal.here(['factors', 'reset', user.username, '--yes'], asAdmin())
  expect([reset.code, reset.stderr]).toEqual([
    5,
    expect.stringMatching(new RegExp(`This user has no second factor[^]*next: .*users send-setup-link ${user.username}\n`)),
  ])
  const codes = await terminal.here(['factors', 'regenerate-recovery-codes'], asAdmin())
  expect([codes.code, codes.stderr]).toEqual([5, expect.stringMatching(/There is no second factor yet[^]*next: .*factors enrol/)])
})
