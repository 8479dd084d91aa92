import { cheapCost, newEmail, password, useFreshWorlds } from '@denizen/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

const cost = 100
const slowest = cost * 1.5
const ourParameters = `m=${cheapCost.memory},t=${cheapCost.iterations},p=1`

/** Hashes of Keycloak's kinds: what makes them does not matter, since every password here is wrong. */
const pbkdf2 = `$pbkdf2-sha512$i=210000$${'A'.repeat(22)}$${'A'.repeat(86)}`
const argon2 = `$argon2id$v=19$m=7168,t=5,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

describe('25: how long a refusal takes, where hashes were imported (S19)', () => {
  const world = useFreshWorlds()
  afterEach(() => void vi.restoreAllMocks())

  /** Signs in wrongly; gives what was computed for imported hashes, each at the price of a hundred milliseconds, and how long it waited. */
  async function refused(identifier: string, typed = 'wrong') {
    vi.restoreAllMocks()
    const made: (number | string)[] = []
    const derive = crypto.subtle.deriveBits.bind(crypto.subtle)
    vi.spyOn(crypto.subtle, 'deriveBits').mockImplementation((algorithm, key, length) => {
      if (typeof algorithm === 'object' && 'iterations' in algorithm) {
        made.push(algorithm.iterations)
        world().clock.advance(cost)
      }
      return derive(algorithm, key, length)
    })
    const { hasher } = world().ports
    const verify = hasher.verify.bind(hasher)
    vi.spyOn(hasher, 'verify').mockImplementation(async (hash, text) => {
      const [, , , parameters = ''] = hash.split('$')
      if (parameters === ourParameters) return verify(hash, text)
      made.push(parameters)
      world().clock.advance(cost)
      return false
    })
    const waits: number[] = []
    const wait = globalThis.setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, milliseconds?: number) => {
      if (new Error().stack?.includes('waitToRefuse') === true) waits.push(milliseconds ?? 0)
      return wait(work, milliseconds)
    }) as typeof setTimeout)
    const signIn = world().asAnonymous().auth.signIn({ identifier, password: typed })
    await expect(signIn).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    return { made, waited: waits.reduce((sum, each) => sum + each, 0) }
  }

  test.each([
    { hash: pbkdf2, work: 210_000 },
    { hash: argon2, work: 'm=7168,t=5,p=1' },
  ])('nobody is answered as late as a user imported with $work, and makes no work', async ({ hash, work }) => {
    const [ada, grace] = [await world().newUser(), await world().newUser()]
    const minute = () => world().clock.advance(60_000)
    expect(await refused(newEmail())).toEqual({ made: [], waited: 0 }) // nothing is imported: nobody waits
    minute()

    await world().rows('update passwords set hash = ? where user_id = (select id from users where email = ?) returning 1', [
      hash,
      ada.email,
    ])
    // The kind is measured once; after that nobody computes.
    expect((await refused(newEmail())).made).toEqual([work])
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    minute()
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    expect(await refused(grace.email ?? '')).toEqual({ made: [], waited: slowest })
    expect(await refused(ada.email ?? '')).toEqual({ made: [work], waited: slowest - cost })

    await world().asSystem().users.setStatus({ userId: grace.id, status: 'suspended' })
    expect(await refused(grace.email ?? '', password)).toEqual({ made: [], waited: slowest })
  })
})
