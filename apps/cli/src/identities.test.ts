import { newId, uuidOf } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

const envOf = (user: Pick<SignedInUser, 'token'>) => ({ DENIZEN_URL: served().server.url, DENIZEN_TOKEN: user.token })

/** An identity past every rule, with a name that would colour the terminal. */
async function linked({ user }: SignedInUser, subject: string) {
  const { clock, ports, rows } = served().world
  const id = newId('idn', clock.now(), ports.random.bytes(10))
  await rows(
    `insert into identities (id, user_id, issuer, subject, email, profile, created_at) values (?, ?, 'https://accounts.example', ?, 'ada@example.com', '{}', ?) returning 1`,
    [uuidOf(id), uuidOf(user.id), subject, clock.now()],
  )
  return id
}

it('lists the identities of oneself and of others, and unlinks them when that is confirmed', async () => {
  const ada = await served().world.signUp()
  expect((await terminal.here(['identities', 'list'], envOf(ada))).stdout).toBe('No identities found.\n')
  const [id, second] = [await linked(ada, `sub-${ada.user.id}\u001b[31m`), await linked(ada, `other-${ada.user.id}`)]
  const listed = await terminal.here(['identities', 'list'], envOf(ada))
  expect(listed.stdout).toMatch(/^PROVIDER +SUBJECT +EMAIL +LINKED +LAST USED +ID$/m)
  expect(listed.stdout).toContain('ada@example.com (not verified)')
  expect(listed.stdout).not.toContain('\u001b')
  const json = await terminal.here(['identities', 'list', ada.user.username, '--json'], asAdmin())
  expect(json.json<{ items: { id: string }[] }>().items.map((item) => item.id)).toEqual([id, second].toSorted())

  const unasked = await terminal.here(['identities', 'unlink', id], envOf(ada))
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(new RegExp(`Unlink ${id}\\?[^]*--yes`))])
  expect((await terminal.here(['identities', 'unlink', id, '--dry-run'], envOf(ada))).stdout).toMatch(/^ {2}1 identity is deleted$/m)
  const done = await terminal.here(['identities', 'unlink', id, '--yes'], envOf(ada))
  expect([done.code, done.stdout]).toEqual([0, 'The identity at https://accounts.example is unlinked.\n'])
  expect((await terminal.here(['identities', 'unlink', id, '--yes'], envOf(ada))).code).toBe(3)
  expect(done.stderr).not.toContain('linked again')
  await served().world.rows('update identities set email_verified = true where id = ? returning 1', [uuidOf(second)])
  const other = await terminal.here(['identities', 'unlink', second, '--yes'], asAdmin())
  expect([other.code, other.stderr]).toEqual([0, expect.stringMatching(/signs in there as ada@example\.com is linked again/)])
})
