import { uuidOf } from '@denizen/core'
import { cheapCost, newEmail, password, useFreshWorlds } from '@denizen/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

const cost = 100
const slowest = cost * 1.5
const ourParameters = `m=${cheapCost.memory},t=${cheapCost.iterations},p=1`

/** Hashes of Keycloak's kinds: what makes them does not matter, since every password here is wrong. */
const pbkdf2 = `$pbkdf2-sha512$i=210000$${'A'.repeat(22)}$${'A'.repeat(86)}`
const argon2 = `$argon2id$v=19$m=7168,t=5,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** One MD5 takes no time, where the decoy of somebody unknown takes that of argon2id. */
const digest = `$digest-md5$of=e1BBU1NXT1JEfQ$$${'A'.repeat(22)}`

/** The milliseconds that refusals wait from now on; nobody really waits for them. */
function skippedWaits(): number[] {
  const waits: number[] = []
  const wait = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, milliseconds = 0) => {
    const isRefusal = new Error().stack?.includes('waitToRefuse') === true
    if (isRefusal) waits.push(milliseconds)
    return wait(work, isRefusal ? 0 : milliseconds)
  }) as typeof setTimeout)
  return waits
}

describe('25: how long a refusal takes, where hashes were imported (S19)', () => {
  const world = useFreshWorlds()
  afterEach(() => void vi.restoreAllMocks())

  /** Signs in wrongly; gives what was computed for imported hashes, each at the price of a hundred milliseconds, and how long it waited. */
  async function refused(identifier: string, typed = 'wrong') {
    vi.restoreAllMocks()
    const made: string[] = []
    const { hasher } = world().ports
    const verify = hasher.verify.bind(hasher)
    vi.spyOn(hasher, 'verify').mockImplementation(async (hash, text) => {
      const parameters = hash.split('$').slice(0, -2).join('$')
      if (parameters.endsWith(ourParameters)) return verify(hash, text)
      made.push(parameters)
      world().clock.advance(cost)
      return false
    })
    const waits = skippedWaits()
    const signIn = world().asAnonymous().auth.signIn({ identifier, password: typed })
    await expect(signIn).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    return { made, waited: waits.reduce((sum, each) => sum + each, 0) }
  }

  test.each([
    { kind: 'PBKDF2', hash: pbkdf2, work: '$pbkdf2-sha512$i=210000' },
    { kind: 'argon2id of another cost', hash: argon2, work: '$argon2id$v=19$m=7168,t=5,p=1' },
    { kind: 'a plain digest', hash: digest, work: '$digest-md5$of=e1BBU1NXT1JEfQ' },
  ])('nobody is answered as late as a user imported with $kind, and makes no work', async ({ hash, work }) => {
    const [ada, grace] = [await world().newUser(), await world().newUser()]
    const minute = () => world().clock.advance(60_000)
    expect(await refused(newEmail())).toEqual({ made: [], waited: 0 }) // nothing is imported: nobody waits
    minute()

    await world().rows('update passwords set hash = ? where user_id = (select id from users where email = ?) returning 1', [
      hash,
      ada.email,
    ])
    // The kind is measured twice; after that nobody computes.
    expect((await refused(newEmail())).made).toEqual([work, work])
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    minute()
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
    expect(await refused(grace.email ?? '')).toEqual({ made: [], waited: slowest })
    expect(await refused(ada.email ?? '')).toEqual({ made: [work], waited: slowest - cost })

    await world().asSystem().users.setStatus({ userId: grace.id, status: 'suspended' })
    expect(await refused(grace.email ?? '', password)).toEqual({ made: [], waited: slowest })
  })

  test('what was measured while the hasher was busy is not kept: neither the slower time, nor any for longer than an hour', async () => {
    const { id } = await world().newUser()
    await world().rows('update passwords set hash = ? where user_id = ?::uuid returning 1', [pbkdf2, uuidOf(id)])
    const [{ clock }, { hasher }] = [world(), world().ports]
    const times = [700, 100, 300, 300]
    vi.spyOn(hasher, 'verify').mockImplementation(async (hash) => {
      if (hash.startsWith('$pbkdf2')) clock.advance(times.shift() ?? 100)
      return false
    })
    const waits = skippedWaits()
    const guess = () =>
      world()
        .asAnonymous()
        .auth.signIn({ identifier: newEmail(), password: 'wrong' })
        .catch(() => {})
    await guess()
    waits.splice(0)
    await guess()
    expect(waits).toEqual([100 * 1.5])
    clock.advance(3_600_000)
    await guess()
    waits.splice(0)
    await guess()
    expect(waits).toEqual([300 * 1.5])
  })

  test('of a scheme whose cost differs from hash to hash only the dearest is measured', async () => {
    for (const rounds of [1000, 9000, 2000]) {
      const { id } = await world().newUser()
      const hash = `$6$rounds=${rounds}$salt$${'A'.repeat(86)}`
      await world().rows('update passwords set hash = ? where user_id = ?::uuid returning 1', [hash, uuidOf(id)])
    }
    expect((await refused(newEmail())).made).toEqual(['$6$rounds=9000', '$6$rounds=9000'])
    // With the longest password that is compared: a stranger chooses how long theirs is.
    expect(vi.mocked(world().ports.hasher.verify)).toHaveBeenCalledWith(expect.stringMatching(/^\$6/), 'x'.repeat(512))
    expect(await refused(newEmail())).toEqual({ made: [], waited: slowest })
  })

  test('where a comparison fails, wrong passwords are refused and counted all the same, as late as any', async () => {
    const [ada, grace] = [await world().newUser(), await world().newUser()]
    await world().rows('update passwords set hash = ? where user_id = ?::uuid returning 1', [pbkdf2, uuidOf(ada.id)])
    const { hasher } = world().ports
    const verify = hasher.verify.bind(hasher)
    vi.spyOn(hasher, 'verify').mockImplementation((hash, text) =>
      hash.startsWith('$pbkdf2') ? Promise.reject(new Error('Hashing failed')) : verify(hash, text),
    )
    const waits = skippedWaits()
    const stranger = world().core.as({ kind: 'anonymous' }, { ip: '198.51.100.7' })
    const guess = () => stranger.auth.signIn({ identifier: grace.username, password: 'wrong' })
    for (let tried = 0; tried < 5; tried++) await expect(guess()).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await expect(guess()).rejects.toMatchObject({ code: 'auth.tooManyAttempts' })
    expect(waits).toEqual(Array.from({ length: 5 }, () => 5000))
  })

  test('a password that is tried in two spellings is refused as late for everybody', async () => {
    const { id, email } = await world().newUser()
    await world().rows('update passwords set hash = ? where user_id = ?::uuid returning 1', [pbkdf2, uuidOf(id)])
    const decomposed = 'wröng'.normalize('NFD')
    await refused(newEmail())
    expect(await refused(newEmail(), decomposed)).toEqual({ made: [], waited: slowest * 2 })
    expect(await refused(email ?? '', decomposed)).toMatchObject({ made: { length: 2 }, waited: (slowest - cost) * 2 })
  })
})
