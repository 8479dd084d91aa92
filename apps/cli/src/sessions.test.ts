import { password, type SignedInUser } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

interface Ended {
  readonly sessionsEnded: number
}

/** Somebody who is signed in three times, and types as the last of them. */
async function thrice() {
  const { world } = served()
  const user = await world.newUser()
  const signIn = () => world.signIn(user, password)
  const all: readonly [SignedInUser, SignedInUser, SignedInUser] = [await signIn(), await signIn(), await signIn()]
  const env = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: all[2].token }
  return { user, all, run: (line: readonly string[]) => terminal.here(['sessions', ...line], env) }
}

const works = async ({ token }: SignedInUser) => (await served().world.core.authenticate(token)) !== null

it('sessions are listed, shown and ended', async () => {
  const { all, run } = await thrice()
  const [first, second, current] = all.map(({ principal }) => principal.sessionId ?? '')
  const listed = await run(['list'])
  expect(listed.stdout.split('\n')[0]).toMatch(/^WHERE +STATE +STARTED +LAST SEEN +ADDRESS +ID/)
  expect(listed.stdout).toMatch(new RegExp(`this one .*${current}`))
  expect(listed.stdout).toMatch(new RegExp(`active .*${first}`))
  const ended = await run(['end', first ?? '', '--yes'])
  expect([ended.code, ended.stdout.trim()]).toEqual([0, '1 session ended.'])
  expect(await works(all[0])).toBe(false)
  expect((await run(['get', first ?? ''])).stdout).toMatch(/^state +ended$/m)
  const active = (await run(['list-active', '--json'])).json<{ items: { id: string }[] }>()
  expect(new Set(active.items.map(({ id }) => id))).toEqual(new Set([second, current]))
  expect((await run(['list-recent', '--days', '1', '--json'])).json<{ items: unknown[] }>().items).toHaveLength(3)
})

it('one that is not there is said before anybody is asked, and one that is asks', async () => {
  const { all, run } = await thrice()
  const none = await run(['end', `ses_${'0'.repeat(26)}`])
  expect([none.code, none.stderr]).toEqual([3, expect.stringMatching(/There is no session "ses_\w+"\.[^]*next: .*denizen sessions list/)])
  expect((await run(['end', all[0].principal.sessionId ?? ''])).stderr).toContain('There is no terminal to ask on')
  expect(await works(all[0])).toBe(true)
})

it('end-others leaves the one that is typed in, end-all none; a dry run ends nothing', async () => {
  const { all, run, user } = await thrice()
  expect((await run(['end-others', '--dry-run'])).stdout).toMatch(/^ {2}2 sessions end$/m)
  expect((await run(['end-others', '--yes', '--json'])).json<Ended>().sessionsEnded).toBe(2)
  expect(await Promise.all(all.map(works))).toEqual([false, false, true])
  expect((await run(['end-all', '--user', user.id, '--yes', '--json'])).json<Ended>().sessionsEnded).toBe(1)
  expect(await works(all[2])).toBe(false)
})
