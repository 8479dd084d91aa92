import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { createClient } from '@denizen/client'
import { password } from '@denizen/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { endPrograms, startServer } from './processes.ts'

/** Debian's oathtool, an implementation of RFC 6238 that is none of ours. */
const isThere = ((): boolean => {
  try {
    return execFileSync('oathtool', ['--version']).length > 0
  } catch {
    console.warn('oathtool is not installed, so its codes are not tried: apt-get install oathtool')
    return false
  }
})()

/** The code for a key, at the clock of the machine. */
async function oathtool(key: string, secondsFromNow = 0): Promise<string> {
  const at = new Date(Date.now() + secondsFromNow * 1000)
    .toISOString()
    .replace(/\.\d+Z$/, ' UTC')
    .replace('T', ' ')
  const { stdout } = await promisify(execFile)('oathtool', ['--totp', '--base32', '--now', at, key])
  return stdout.trim()
}

describe.skipIf(!isThere)('codes that oathtool makes', () => {
  let database: SystemDatabase
  let url: string
  beforeAll(async () => {
    database = await openDatabase()
    url = (await startServer(database.environment)).url
  })
  afterAll(async () => {
    await endPrograms()
    await database.close()
  })

  it('2: activate an app and sign in, each once, also in a second challenge', async () => {
    const { user, token } = await database.people.signUp()
    const client = createClient({ url, token })
    const { key } = await client.factors.beginTotp({})
    const first = await oathtool(key)
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
    const second = await oathtool(key, 30)
    const { accessToken } = await stranger.auth.completeSignIn({ challenge: one, totp: second })
    expect((await createClient({ url, token: accessToken }).sessions.whoami()).session?.assurance).toBe('aal2')
    await expect(stranger.auth.completeSignIn({ challenge: two, totp: second })).rejects.toMatchObject({ code: 'auth.wrongFactor' })
    await expect(stranger.auth.completeSignIn({ challenge: two, totp: await oathtool(key, 300) })).rejects.toMatchObject({
      code: 'auth.wrongFactor',
    })
  })
})
