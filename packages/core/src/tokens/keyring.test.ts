import { userActor } from '@denizen/core'
import { useFreshWorlds } from '@denizen/core/testing'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { keyLifetime } from './key-rules.ts'
import { KeyRing } from './keyring.ts'

const minute = 60_000
const settings = { publicUrl: 'https://id.example.com' }
const refused = (code: string) => expect.objectContaining({ code })

describe('the keys that sign', () => {
  const world = useFreshWorlds({ settings, connections: 24 })

  test('rotate without a gap: published a day before, verified until what they signed is over', async () => {
    const { core, clock } = world()
    const kid = (token: string) => decodeProtectedHeader(token).kid
    const published = async () => (await world().another({ settings }).publishedKeys()).map((key) => key['kid'])
    const issue = async () => (await (await world().signUp()).as.tokens.issueAgent()).token
    const first = kid(await issue())
    expect(await published()).toEqual([first])
    clock.advance(keyLifetime - 25 * 60 * minute)
    await world().runJob('tokens.rotateKeys')
    expect(await published()).toEqual([first])
    clock.advance(60 * minute)
    for (let time = 0; time < 3; time++) await world().runJob('tokens.rotateKeys')
    const [, second, ...more] = await published()
    expect([second === first, more]).toEqual([false, []])
    clock.advance(24 * 60 * minute - 1)
    const last = await issue()
    expect(kid(last)).toBe(first)
    clock.advance(1)
    const next = await issue()
    expect(kid(next)).toBe(second)
    clock.advance(14 * minute)
    for (const token of [last, next]) {
      expect(await core.authenticate(token)).not.toBeNull()
      const set = createLocalJWKSet({ keys: (await core.publishedKeys()) as JWK[] })
      await expect(jwtVerify(token, set, { audience: settings.publicUrl, currentDate: clock.now() })).resolves.toBeDefined()
    }
    clock.advance(60 * minute)
    await world().runJob('tokens.rotateKeys')
    expect(await published()).toEqual([second])
    expect(await world().rows('select 1 from signing_keys')).toHaveLength(1)
  })

  test('are made once, by however many processes at once', async () => {
    const ada = await world().signUp()
    const cores = Array.from({ length: 20 }, () => world().another({ settings }))
    const tokens = await Promise.all(cores.map((core) => core.as(userActor(ada.principal)).tokens.issueAgent()))
    expect(new Set(tokens.map(({ token }) => decodeProtectedHeader(token).kid)).size).toBe(1)
    expect(await world().rows('select 1 from signing_keys')).toHaveLength(1)
  })

  test('are sealed, and of no use under another master key', async () => {
    const ada = await world().signUp()
    await world().core.as(userActor(ada.principal)).tokens.issueAgent()
    const [row] = await world().rows<{ sealed_key: string; public_key: object }>('select * from signing_keys')
    expect(JSON.stringify(row)).not.toContain('"d"')
    expect(row?.sealed_key).toMatch(/^1\.[\w-]+\.[\w-]+$/)
    const stranger = world().another({ settings, ports: { cipher: { ...world().ports.cipher, open: async () => null } } })
    await expect(stranger.as(userActor(ada.principal)).tokens.issueAgent()).rejects.toEqual(refused('tokens.keyUnreadable'))
  })

  test('that nobody has are looked for once a second, whoever asks', async () => {
    const { em, ports, clock } = world()
    await (await world().signUp()).as.tokens.issueAgent()
    let reads = 0
    const ring = new KeyRing(() => (reads++, em()), ports)
    const [published] = await world().core.publishedKeys()
    const known = published?.['kid'] as string
    for (let second = 1; second <= 3; second++) {
      const asked = await Promise.all(Array.from({ length: 20 }, () => ring.verifying('key_01h455vb4pex5vsknk084sn02q')))
      expect([asked.every((key) => key === null), reads]).toEqual([true, second])
      expect([await ring.verifying(known), reads]).toEqual([expect.anything(), second])
      clock.advance(1000)
    }
  })
})
