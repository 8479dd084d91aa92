import { uuidOf, type DenizenError, type Id } from '@denizen/core'
import { untilWaiting, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../../../tests/deadlines.ts'

/** PGlite runs one transaction after the other: this is on PostgreSQL. */
const world = useWorld({ connections: 16 })

let victim: SignedInUser
let member: SignedInUser
let owner: SignedInUser
let theirs: Id<'org'>
beforeAll(async () => {
  const shared = await world().newOrganization()
  theirs = await world().newOrganization()
  victim = await world().asMember(shared)
  member = await world().asMember(shared)
  owner = await world().asMember(theirs, 'owner')
})

/** A call that names the victim and waits for what its caller controls: a row that `held` selects. */
interface Nuisance {
  readonly held: string
  readonly call: () => Promise<unknown>
}

/** As a batch locks an organization: whoever signs in to it does not wait. */
const rowOf = (table: string, id: Id<'res'> | Id<'org'> | Id<'team'>) =>
  `select 1 from ${table} where id = '${uuidOf(id)}' for ${table === 'organizations' ? 'no key update' : 'update'}`
const resourceOf = ({ user }: SignedInUser) => world().access.newResource({ ownerUserId: user.id })
const userId = () => victim.user.id

/** The victim is in the caller's organization. */
async function invited(): Promise<[SignedInUser, Id<'org'>]> {
  const organizationId = await world().newOrganization()
  const admin = await world().asMember(organizationId, 'owner')
  await world().join(organizationId, { id: userId() })
  return [admin, organizationId]
}

const nuisances: Readonly<Record<string, () => Promise<Nuisance>>> = {
  'a fellow member gives them a resource': async () => {
    const resourceId = await resourceOf(member)
    return { held: rowOf('resources', resourceId), call: () => member.as.resources.transfer({ resourceId, toUserId: userId() }) }
  },
  'a stranger gives them a resource': async () => {
    const resourceId = await resourceOf(owner)
    return { held: rowOf('resources', resourceId), call: () => owner.as.resources.transfer({ resourceId, toUserId: userId() }) }
  },
  'a stranger shares a resource with them': async () => {
    const resourceId = await resourceOf(owner)
    const share = { resourceId, userId: userId(), permission: 'resources.get' }
    return { held: rowOf('resources', resourceId), call: () => owner.as.resources.grant(share) }
  },
  'a stranger takes a share from them that they do not have': async () => {
    const resourceId = await resourceOf(owner)
    const share = { resourceId, userId: userId(), permission: 'resources.get' }
    return { held: rowOf('resources', resourceId), call: () => owner.as.resources.revoke(share) }
  },
  'an owner grants them something in another organization': async () => {
    const grant = { userId: userId(), permission: 'teams.list', on: { organizationId: theirs } }
    return { held: rowOf('organizations', theirs), call: () => owner.as.access.grantPermission(grant) }
  },
  'an owner adds them to a team of another organization': async () => {
    const { id: teamId } = await owner.as.teams.create({ organizationId: theirs, name: 'Elsewhere' })
    return { held: rowOf('teams', teamId), call: () => owner.as.teams.addMember({ teamId, userId: userId() }) }
  },
  'an owner grants something to the team that they are in': async () => {
    const [admin, organizationId] = await invited()
    const { id: teamId } = await admin.as.teams.create({ organizationId, name: 'Here' })
    await admin.as.teams.addMember({ teamId, userId: userId() })
    const resourceId = await resourceOf(owner)
    const share = { resourceId, teamId, permission: 'resources.get' }
    return { held: rowOf('resources', resourceId), call: () => owner.as.resources.grant(share) }
  },
  'an owner grants them something in the organization that they joined': async () => {
    const [admin, organizationId] = await invited()
    const grant = { userId: userId(), permission: 'teams.list', on: { organizationId } }
    return { held: rowOf('organizations', organizationId), call: () => admin.as.access.grantPermission(grant) }
  },
  'an owner adds them again': async () => {
    const [admin, organizationId] = await invited()
    const call = () => admin.as.organizations.addMember({ organizationId, userId: userId(), role: 'member' })
    return { held: rowOf('organizations', organizationId), call }
  },
}

describe('64: nobody holds somebody up by naming them', () => {
  test.each(Object.entries(nuisances))('%s: what they do themselves is answered meanwhile', async (_, prepare) => {
    const { held, call } = await prepare()
    const [holder, watcher] = [await world().connect(), await world().connect()]
    await holder.query(`begin; ${held}`)
    const running = Array.from({ length: 4 }, () => call().catch(({ code }: DenizenError) => code))
    // Some are refused before they wait for anything.
    await Promise.race([untilWaiting(watcher, 1).catch(() => {}), Promise.all(running)])
    try {
      // One that shares the lock of its caller, and one that takes it alone.
      await within(10_000, 'the answers to somebody who was named', Promise.all([resourceOfTheirs(), world().signIn(victim.user)]))
    } finally {
      await holder.query('commit')
    }
    // Whoever waited gets through in the end.
    const told = (await Promise.all(running)).map((answer) => (typeof answer === 'string' ? answer : 'done'))
    expect(told).not.toContain('request.retriesExhausted')
    expect(told).not.toContain('request.databaseBusy')
  })
})

describe('64: nobody keeps something by being busy', () => {
  /** As a call of theirs would: shared, until the transaction ends. */
  const busy = async (user: { readonly id: Id<'usr'> }) => {
    const holder = await world().connect()
    await holder.query(`begin; select pg_advisory_xact_lock_shared(hashtextextended('users/${uuidOf(user.id)}', 0))`)
    return holder
  }

  test('a share outside of organizations is taken from somebody who always has a call under way', async () => {
    const resourceId = await resourceOf(owner)
    const share = { resourceId, userId: userId(), permission: 'resources.get' }
    await owner.as.resources.grant(share)
    const [watcher, first] = [await world().connect(), await busy(victim.user)]
    let isTaken = false
    const taken = owner.as.resources.revoke(share).then(() => (isTaken = true))
    await untilWaiting(watcher, 1)
    // Each call begins before the one before it ends, and all come after whoever waits already.
    let under = first
    for (let calls = 0; calls < 40 && !isTaken; calls++) {
      const next = busy(victim.user)
      await new Promise((resolve) => setTimeout(resolve, 150))
      await under.query('commit')
      under = await next
    }
    expect(isTaken).toBe(true)
    await under.query('commit')
    await taken
  })

  test('whoever is removed and busy keeps nobody else: the next removal by the same administrator does not wait', async () => {
    const organizationId = await world().newOrganization()
    const [admin, one, other] = [
      await world().asMember(organizationId, 'owner'),
      await world().asMember(organizationId),
      await world().asMember(organizationId),
    ]
    const [watcher, holder] = [await world().connect(), await busy(one.user)]
    const first = admin.as.organizations.removeMember({ organizationId, userId: one.user.id })
    await untilWaiting(watcher, 1)
    await within(10_000, 'the other removal', admin.as.organizations.removeMember({ organizationId, userId: other.user.id }))
    await holder.query('commit')
    await first
  })

  test('what is taken by its name waits for its user, also where it is only being given', async () => {
    const organizationId = await world().newOrganization()
    const [admin, one] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
    const [watcher, holder] = [await world().connect(), await busy(one.user)]
    const what = { userId: one.user.id, permission: 'teams.list', on: { organizationId } }
    const taken = admin.as.access.revokePermission(what).catch(({ code }: DenizenError) => code)
    await untilWaiting(watcher, 1)
    await holder.query('commit')
    expect(await taken).toBe('request.notFound')
  })
})

const resourceOfTheirs = () => victim.as.resources.register({ type: 'document', key: crypto.randomUUID() })
