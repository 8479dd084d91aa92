import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { createClient } from '@denizen/client'
import { password } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { useServer } from '../packages/api/src/testing/server.ts'

/** Debian's oathtool, an implementation of RFC 6238 that is none of ours. */
const isThere = ((): boolean => {
  try {
    return execFileSync('oathtool', ['--version']).length > 0
  } catch {
    console.warn('oathtool is not installed, so its codes are not tried: apt-get install oathtool')
    return false
  }
})()

/** The code for a key at a time. */
async function oathtool(key: string, time: number): Promise<string> {
  const at = new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, ' UTC')
    .replace('T', ' ')
  const { stdout } = await promisify(execFile)('oathtool', ['--totp', '--base32', '--now', at, key])
  return stdout.trim()
}

describe.skipIf(!isThere)('codes that oathtool makes', () => {
  // Its clock stands still: no code is too old because the machine is slow.
  const served = useServer()

  it('2: activate an app and sign in, each once, also in a second challenge', async () => {
    const { world, server } = served()
    const { url } = server
    const codeIn = (key: string, seconds: number) => oathtool(key, world.clock.now().getTime() + seconds * 1000)
    const { user, token } = await world.signUp()
    const client = createClient({ url, token })
    const { key } = await client.factors.beginTotp({})
    const first = await codeIn(key, 0)
    await client.factors.activateTotp({ code: first })
    const stranger = createClient({ url, token: null })
    const begin = async () => {
      const answer = await stranger.auth.signIn({ identifier: user.id, password })
      if (answer.status !== 'factorRequired') throw new Error('no second factor was asked for')
      return answer.challenge
    }
    const [one, two] = [await begin(), await begin()]
    await expect(stranger.auth.completeSignIn({ challenge: one, totp: first })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    // The next step's code: clocks may differ by one.
    const second = await codeIn(key, 30)
    const { accessToken } = await stranger.auth.completeSignIn({ challenge: one, totp: second })
    expect((await createClient({ url, token: accessToken }).sessions.whoami()).session?.assurance).toBe('aal2')
    await expect(stranger.auth.completeSignIn({ challenge: two, totp: second })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    await expect(stranger.auth.completeSignIn({ challenge: two, totp: await codeIn(key, 300) })).rejects.toMatchObject({
      code: 'auth.wrongFactor',
    })
  })
})
