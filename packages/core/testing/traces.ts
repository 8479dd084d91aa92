import { userActor, uuidOf, type Id } from '@denizen/core'
import { enrolAuthenticator } from './authenticator.ts'
import { newEmail, password, type SignedInUser } from './people.ts'
import type { TestProvider } from './provider.ts'
import { SoftAuthenticator } from './soft-authenticator.ts'
import type { World } from './world.ts'

/** Somebody with traces everywhere, and the others who left some in theirs. */
export interface Traced {
  readonly person: SignedInUser
  /** Wrote to them, acted as them, and changed their account. */
  readonly boss: SignedInUser
  /** Invited them. */
  readonly host: SignedInUser
  /** Was invited by them, and is in their team. */
  readonly guest: SignedInUser
  readonly organizationId: Id<'org'>
  /** Secrets that they were told. */
  readonly told: readonly string[]
}

/** Where those others call from: it must not be found in the person's data. */
export const bossOrigin = { ip: '203.0.113.99', userAgent: 'the browser of the boss' }
export const fullName = 'Ada Trace King'
export const phone = '+41446681877'

/** Lets one person do, and have done to them, all that leaves a trace. The provider is `google` of the world's settings. */
export async function traced(world: World, provider: TestProvider): Promise<Traced> {
  const email = newEmail()
  const username = `ada-${crypto.randomUUID().slice(0, 8)}`
  const [boss, host] = [await world.asSuperadmin(), await world.signUp({ emailVerified: true })]
  const asBoss = world.core.as(userActor(boss.principal), bossOrigin)
  const credentials = [{ type: 'password', value: password }]
  const realm = { realm: 'old', users: [{ id: crypto.randomUUID(), username, email, emailVerified: true, enabled: true, credentials }] }
  await asBoss.users.import({ format: 'keycloak', realm })
  const imported = await world.asSystem().users.find({ identifier: username })
  if (imported === null) throw new Error('nobody was imported')

  const anybody = world.core.as({ kind: 'anonymous' }, { ip: '192.0.2.77', userAgent: 'a browser' })
  await anybody.auth.signIn({ identifier: username, password: 'a wrong guess' }).catch(() => {})
  const first = await world.signIn(imported)
  const changed = 'another correct horse battery staple'
  await first.as.auth.changePassword({ oldPassword: password, newPassword: changed })
  const person = await world.signIn(imported, changed)
  const { as } = person
  await as.users.updateCurrent({ fullName, phone, email: newEmail() })
  await as.users.updatePreferences({ preferences: { theme: 'dark' } })
  await anybody.auth.requestPasswordReset({ email })
  const token = await as.tokens.create({ name: 'laptop' })
  await asBoss.access.grantPermission({ userId: imported.id, permission: 'jobs.run' })
  await as.jobs.run({ job: 'jobs.deleteOldRuns' })
  const sub = crypto.randomUUID()
  await as.identities.link({ provider: 'google', token: await provider.sign({ sub, email, email_verified: true, name: fullName }) })
  const { id: organizationId } = await host.as.organizations.create({ name: 'Hosts', slug: `hosts-${crypto.randomUUID().slice(0, 8)}` })
  await host.as.organizations.invite({ organizationId, email, role: 'admin' })
  await world.work()
  await as.organizations.acceptInvitation({ token: world.mailer.tokenFor(email) })
  const own = await as.organizations.create({ name: 'Own', slug: `own-${crypto.randomUUID().slice(0, 8)}` })
  const guest = await world.signUp({ emailVerified: true })
  await as.organizations.invite({ organizationId: own.id, email: guest.user.email ?? '', role: 'member' })
  await world.work()
  await guest.as.organizations.acceptInvitation({ token: world.mailer.tokenFor(guest.user.email ?? '') })
  const team = await as.teams.create({ organizationId: own.id, name: 'Crew' })
  for (const { user } of [person, guest]) await as.teams.addMember({ teamId: team.id, userId: user.id })
  const helper = { organizationId: own.id, name: 'helper', permissions: ['teams.list'] }
  const role = await as.roles.create({ ...helper, includes: [(await as.roles.create({ ...helper, name: 'included' })).id] })
  await as.access.assignRole({ userId: guest.user.id, roleId: role.id, on: { organizationId: own.id } })
  const folder = await as.resources.register({
    type: 'folder',
    key: 'f1',
    name: 'Folder',
    organizationId: own.id,
    ownerUserId: imported.id,
  })
  await as.resources.register({ type: 'folder', key: 'f2', name: 'Own folder' })
  // A state that held for no time is not remembered.
  world.clock.advance(1000)
  if (folder !== null) await as.resources.transfer({ resourceId: folder.id, toUserId: guest.user.id })

  const device = await anybody.auth.startDeviceLogin({ clientName: 'a television' })
  await as.auth.approveDeviceLogin({ userCode: device.userCode })
  const { id: userId } = person.user
  await asBoss.users.update({ userId, privateMetadata: { score: 7 }, description: 'is traced' })
  await asBoss.users.setStatus({ userId, status: 'suspended', reason: 'by mistake' })
  await asBoss.users.setStatus({ userId, status: 'active' })
  const impersonation = await asBoss.auth.impersonate({ userId, reason: 'ticket 4711' })
  const principal = await world.core.authenticate(impersonation.accessToken)
  if (principal === null) throw new Error('an impersonation opens nothing')
  await world.core.as(userActor(principal), bossOrigin).users.updateCurrent({ displayName: 'Ada' })
  // Both are written in the background, and only where a policy says so.
  await world.rows(
    `insert into permission_uses (user_id, permission, home, last_used_at) select ?, 'teams.' || p, ?, now() from unnest('{create,list,update}'::text[]) p on conflict do nothing`,
    [uuidOf(userId), uuidOf(own.id)],
  )
  await world.rows('insert into request_windows (user_id, started_at, taken) values (?, now(), 1)', [uuidOf(userId)])
  const again = await world.signIn(imported, changed)
  await again.as.users.updateCurrent({ locale: 'en' }, { idempotencyKey: 'once' })
  const app = await enrolAuthenticator(world, again)
  const { challenge, options } = await again.as.passkeys.beginRegistration({})
  const response = await new SoftAuthenticator({ origin: 'http://localhost:4000' }).create(options)
  await again.as.passkeys.finishRegistration({ challenge, response })
  return { person: again, boss, host, guest, organizationId, told: [token.secret, changed, ...app.recoveryCodes] }
}
