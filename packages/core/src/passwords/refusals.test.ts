import { newEmail, password, useWorld } from '@denizen/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

const cost = 100
const slowest = cost * 1.2

/** A hash of Keycloak's kind: what makes it does not matter, since every password here is wrong. */
function imported(iterations: number): string {
  return `$pbkdf2-sha512$i=${iterations}$${'A'.repeat(22)}$${'A'.repeat(86)}`
}

describe('25: how long a refusal takes, where hashes were imported (S19)', () => {
  const world = useWorld()
  afterEach(() => void vi.restoreAllMocks())

  /** Signs in wrongly; gives the iterations that were made, each at the price of a hundred milliseconds, and how long it waited. */
  async function refused(identifier: string, typed = 'wrong') {
    vi.restoreAllMocks()
    const made: number[] = []
    const derive = crypto.subtle.deriveBits.bind(crypto.subtle)
    vi.spyOn(crypto.subtle, 'deriveBits').mockImplementation((algorithm, key, length) => {
      if (typeof algorithm === 'object' && 'iterations' in algorithm) {
        made.push(algorithm.iterations)
        world().clock.advance(cost)
      }
      return derive(algorithm, key, length)
    })
    const waits = vi.spyOn(globalThis, 'setTimeout')
    const signIn = world().asAnonymous().auth.signIn({ identifier, password: typed })
    await expect(signIn).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    const waited = waits.mock.calls.map(([, milliseconds]) => milliseconds ?? 0).filter((milliseconds) => milliseconds >= 1)
    return { made, waited: Math.max(0, ...waited.filter((milliseconds) => milliseconds <= slowest)) }
  }

  test('nobody is answered as late as an imported user, and makes no work', async () => {
    const [ada, grace] = [await world().newUser(), await world().newUser()]
    const minute = () => world().clock.advance(60_000)
    expect(await refused(newEmail())).toEqual({ made: [], waited: 0 }) // nothing is imported: nobody waits
    minute()

    await world().rows('update passwords set hash = ? where user_id = (select id from users where email = ?) returning 1', [
      imported(210_000),
      ada.email,
    ])
    // The kind is measured once; after that nobody computes.
    expect((await refused(newEmail())).made).toEqual([210_000])
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    minute()
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    expect(await refused(grace.email ?? '')).toEqual({ made: [], waited: slowest })
    expect(await refused(ada.email ?? '')).toEqual({ made: [210_000], waited: slowest - cost })

    await world().asSystem().users.setStatus({ userId: grace.id, status: 'suspended' })
    expect(await refused(grace.email ?? '', password)).toEqual({ made: [], waited: slowest })
  })
})
