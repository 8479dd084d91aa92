import { userActor, type Calls, type Id } from '@denizen/core'
import { untilWaiting, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'

/** PGlite runs one transaction after the other: this is on PostgreSQL. */
const world = useWorld()

const through = async (token: string): Promise<Calls> => {
  const principal = await world().core.authenticate(token)
  if (principal === null) throw new Error('a new token opens nothing')
  return world().core.as(userActor(principal))
}

let organizationId: Id<'org'>
beforeAll(async () => void (organizationId = await world().newOrganization()))

async function impersonated(by: SignedInUser): Promise<Calls> {
  const { id: userId } = (await world().asMember(organizationId, 'admin')).user
  return through((await by.as.auth.impersonate({ userId, reason: 'ticket 4711' })).accessToken)
}

type Ending = () => Promise<unknown>

/** Who is at work, and what ends that. */
const cases: Readonly<Record<string, () => Promise<readonly [as: Calls, end: Ending]>>> = {
  'an impersonator is suspended': async () => {
    const [admin, other] = [await world().asSuperadmin(), await world().asSuperadmin()]
    return [await impersonated(admin), () => other.as.users.setStatus({ userId: admin.user.id, status: 'suspended' })]
  },
  'an impersonator signs out': async () => {
    const admin = await world().asSuperadmin()
    return [await impersonated(admin), () => admin.as.auth.signOut()]
  },
  'an impersonation is stopped': async () => {
    const as = await impersonated(await world().asSuperadmin())
    return [as, () => as.auth.stopImpersonating()]
  },
  'a user signs out': async () => {
    const { as } = await world().asMember(organizationId, 'admin')
    return [as, () => as.auth.signOut()]
  },
  'an API token is revoked by somebody else': async () => {
    const [admin, user] = [await world().asSuperadmin(), await world().asMember(organizationId, 'admin')]
    const { token, secret } = await user.as.tokens.create({ name: 'script' })
    return [await through(secret), () => admin.as.tokens.revoke({ tokenId: token.id })]
  },
}

describe('64: R1: what is under way commits before the answer, and nothing after it, when', () => {
  test.each(Object.entries(cases))('%s', async (_, make) => {
    const [as, end] = await make()
    const [holder, watcher] = [await world().connect(), await world().connect()]
    await holder.query('begin; lock table teams in share mode')
    const done: string[] = []
    const working = as.teams.create({ organizationId, name: crypto.randomUUID() }).then(() => done.push('work'))
    await untilWaiting(watcher, 1)
    const ending = end().then(() => done.push('end'))
    await eventually(30_000, 'the end, or that it waits', async () => {
      const { rows } = await watcher.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return done.length > 0 || (rows[0]?.count ?? 0) >= 2
    })
    await holder.query('commit')
    await Promise.all([working, ending])
    expect(done).toEqual(['work', 'end'])
  })
})
