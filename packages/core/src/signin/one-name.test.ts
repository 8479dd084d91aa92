import { uuidOf, type DenizenError } from '@denizen/core'
import { newEmail, password, useWorld } from '@denizen/core/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { throttleKeys } from '../throttling/index.ts'
import { nameOf } from './verify-password.ts'

/** As somebody's whom an import brought: dearer than ours by any factor. */
const dear = `$pbkdf2-sha512$i=210000$${'A'.repeat(22)}$${'A'.repeat(86)}`
const world = useWorld({ connections: 16 })
afterEach(() => void vi.restoreAllMocks())

/** Comparisons wait until `release`; what is compared at the moment is counted. */
function slowly() {
  const { hasher } = world().ports
  const [verify, gate] = [hasher.verify.bind(hasher), Promise.withResolvers<void>()]
  const seen = { running: 0, most: 0, all: 0 }
  vi.spyOn(hasher, 'verify').mockImplementation(async (hash, text) => {
    if (text !== 'wrong') return verify(hash, text)
    seen.all++
    seen.most = Math.max(seen.most, ++seen.running)
    await gate.promise
    seen.running--
    return false
  })
  return { seen, release: () => gate.resolve() }
}

test.each(['an imported user', 'nobody'])(
  '60: a flood of guesses at %s takes one place among the hashes, and is asked again',
  async (who) => {
    const [imported, other] = [await world().newUser(), await world().newUser()]
    await world().rows('update passwords set hash = ? where user_id = ?::uuid returning 1', [dear, uuidOf(imported.id)])
    const identifier = who === 'nobody' ? newEmail() : (imported.email ?? '')
    const { seen, release } = slowly()
    const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip })
    const codes = Array.from({ length: 30 }, () =>
      from('198.51.100.7')
        .auth.signIn({ identifier, password: 'wrong' })
        .then(
          () => 'done',
          ({ code }: DenizenError) => code,
        ),
    )
    // Meanwhile others sign in.
    const answer = await from('203.0.113.9').auth.signIn({ identifier: other.email ?? '', password })
    expect(answer).toMatchObject({ status: 'signedIn' })
    await vi.waitFor(() => expect(seen.running).toBe(1), { timeout: 30_000 })
    // What the others have guessed wrong meanwhile counts for those who wait, before they are compared.
    await block(identifier)
    release()
    expect(new Set(await Promise.all(codes))).toEqual(new Set(['auth.tooManyAttempts']))
    expect(seen).toMatchObject({ most: 1, all: 1 })
  },
)

test('60: a flood of guesses from one network does not hold up the right password from another', async () => {
  const ada = await world().newUser()
  const { seen, release } = slowly()
  const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip })
  const guesses = Array.from({ length: 8 }, () =>
    from('198.51.100.7')
      .auth.signIn({ identifier: ada.email ?? '', password: 'wrong' })
      .catch(() => {}),
  )
  await vi.waitFor(() => expect(seen.running).toBe(1), { timeout: 30_000 })
  expect(await from('203.0.113.9').auth.signIn({ identifier: ada.email ?? '', password })).toMatchObject({ status: 'signedIn' })
  release()
  await Promise.all(guesses)
})

/** Has the name wait for a minute, as too many failures do. */
async function block(identifier: string): Promise<void> {
  const { name } = await throttleKeys(world().ports, { ip: null }, nameOf(identifier))
  const until = new Date(world().clock.now().getTime() + 60_000)
  await world().rows('insert into throttles (key, failures, last_failure_at, blocked_until) values (?, 20, ?, ?) returning 1', [
    name,
    world().clock.now(),
    until,
  ])
}
