import { completed, createClient, memorySession, roleProvider, userProvider, type UserProvider } from '@denizen/client'
import { anonymousActor, createCore, defaultPorts, systemActor } from '@denizen/core'
import { enrolAuthenticator, newEmail, password, type SignedInUser } from '@denizen/core/testing'
import { Secret, TOTP } from 'otpauth'
import { beforeAll, describe, expect, test } from 'vitest'
import { useServer } from '../../packages/api/src/testing/server.ts'

/*
 * The blocks of code of README and docs, word for word, with what the reader has around them. That each stands here is
 * tested in pages.test.ts; when you change one, change both.
 */
const served = useServer({ world: { settings: { allowedOrigins: ['https://app.example.com'] } } })
let ada: SignedInUser
let admin: SignedInUser
let url: string
beforeAll(async () => {
  const { world, server } = served()
  url = server.url
  ada = await world.signUp({ username: 'ada', email: 'ada@example.com' })
  const user = await world.newUser({ username: 'superadmin' })
  await world.grant(user, 'superadmin')
  admin = await world.signIn(user)
})

/** A client of the superadmin. */
const operatorClient = () => createClient({ url, token: admin.token })

describe('C13: README.md', () => {
  test('an application', async () => {
    const userId = (await served().world.newUser()).id
    const [email, idempotencyKey] = [newEmail(), 'once']
    const seen: unknown[] = []
    const console = { log: (text: unknown) => void seen.push(text) }
    const client = createClient({ url, session: memorySession() }) // refreshes by itself; 'cookie' in a browser
    await client.auth.signIn({ identifier: 'superadmin', password }) // may ask for a second factor: auth.completeSignIn
    await client.users.current() // everything about the caller
    await client.users.update({ userId, fullName: null }) // null clears, absent leaves
    await client.users.setStatus.plan({ userId, status: 'suspended' }) // what would happen
    await client.users.create({ email }, { idempotencyKey }) // safe to repeat
    for await (const user of client.users.list()) console.log(user.email) // every page
    expect(seen).toContain(email)
  })

  test('without a server', async () => {
    const { orm } = served().world
    const masterKey = new Uint8Array(32)
    const core = createCore({ orm, ports: await defaultPorts(masterKey) })
    await core.as(systemActor('nightly job')).users.create({ email: 'grace@example.org' })
    expect(await core.as(systemActor('nightly job')).users.find({ identifier: 'grace@example.org' })).not.toBeNull()
  })
})

describe('C13: docs/architecture.md', () => {
  test('users and roles as dependencies', async () => {
    const { token } = admin
    const greeted: string[] = []
    const greet = ({ username }: { username: string }) => void greeted.push(username)
    const publish = () => void greeted.push('published')
    const calls = createClient({ url, token }) // or: core.as(actor), from @denizen/core
    const users: UserProvider = userProvider(calls)
    for await (const user of users.list({ status: 'active' })) greet(user)
    if (await roleProvider(calls).has(ada.user.id, 'user')) publish()
    expect(greeted).toEqual(expect.arrayContaining(['ada', 'published']))
  })
})

describe('C13: docs/access.md and docs/access-in-depth.md', () => {
  test('roles, assignments, resources, questions and reviews', async () => {
    const { world } = served()
    const organizationId = await world.newOrganization('acme')
    const acme = { id: organizationId }
    await world.join(organizationId, ada.user)
    const client = operatorClient()
    const denizen = client
    const support = await client.teams.create({ organizationId, name: 'Support' })
    const userId = ada.user.id
    const said: unknown[] = []
    const [show, console] = [(thing: unknown) => void said.push(thing), { log: (...things: unknown[]) => void said.push(...things) }]

    const reader = await denizen.roles.create({ organizationId, name: 'reader', permissions: ['document.read'] })
    const editor = await denizen.roles.create({
      organizationId,
      name: 'editor',
      permissions: ['document.write'],
      includes: [reader.id], // has all permissions of reader, also those that it gets later
    })
    await denizen.roles.grantPermission({ roleId: editor.id, permission: 'document.delete' })
    await denizen.roles.setParents({ roleId: editor.id, includes: [] }) // includes none from now on

    const payer = await denizen.roles.create({ organizationId, name: 'payer', permissions: ['invoice.pay'] })
    const approver = await denizen.roles.create({ organizationId, name: 'approver', permissions: ['invoice.approve'] })
    await denizen.access.createExclusion({
      organizationId,
      name: 'Pay or approve',
      kind: 'static', // nobody can have both
      roleIds: [payer.id, approver.id],
      cardinality: 2, // as many as this are too many
    })

    const folder = await denizen.resources.register({ type: 'folder', key: 'inbox', organizationId })
    if (folder === null) throw new Error('the key was free')
    // Ada edits Acme's documents for a while, in sessions with two factors.
    const { assignment } = await client.access.assignRole({
      userId,
      roleId: editor.id,
      on: { organizationId: acme.id },
      validUntil: new Date('2035-01-01'),
      condition: { assurance: 'aal2' },
    })
    // The support team reads one folder and everything inside it.
    await client.access.grantPermission({ teamId: support.id, permission: 'document.read', on: { resourceId: folder.id } })

    await client.access.unassignRole({ assignmentId: assignment.id }) // or subject, role and scope again
    for await (const { subject, role, permission } of client.access.listAssignments({ organizationId: acme.id }))
      show([subject, role ?? permission])

    const plans = await denizen.resources.register({ type: 'folder', key: 'plans', organizationId })
    const q3 = await denizen.resources.register({ type: 'document', key: 'q3', name: 'Third quarter', parentId: plans?.id })
    if (plans === null || q3 === null) throw new Error('the keys are taken')
    await denizen.resources.grant({ resourceId: plans.id, userId, permission: 'document.read' })
    await denizen.access.check({ userId, permission: 'document.read', on: { resourceId: q3.id } }) // allowed: q3 is in plans

    const [resourceId, ids] = [q3.id, [q3.id, plans.id]]
    {
      // Your own server, with an API token that may access.check: may Ada read this document?
      const { allowed } = await client.access.check({ userId, permission: 'document.read', on: { resourceId } })

      // Which of these may she see?
      const checks = ids.map((each) => ({ permission: 'document.read', on: { resourceId: each } }))
      const { allowed: each } = await client.access.checkMany({ userId, checks })
      expect([allowed, each]).toEqual([true, [true, true]])
    }
    {
      const checks = [{ permission: 'document.read', on: { resourceId } }]
      const { allowed } = await client.access.check({ userId, permission: 'document.read', on: { resourceId } })
      const { allowed: each } = await client.access.checkMany({ userId, checks }) // ten thousand at once are one query
      for await (const document of client.access.listResources({ userId, permission: 'document.read' })) show(document)
      expect([allowed, each]).toEqual([true, [true]])
    }
    const { allowed, summary, because, unmet, missing } = await client.access.explain({
      userId,
      permission: 'document.read',
      on: { resourceId },
    })
    expect({ allowed, summary, because, unmet, missing }).toMatchObject({ allowed: true })

    const [time, from, to] = [world.clock.now(), world.clock.now(), world.clock.now()]
    await client.access.at({ time, userId, on: { organizationId } }) // somebody as they were
    await client.access.at({ time, userId, permission: 'document.read', on: { resourceId } }) // the same, and: allowed
    for await (const { username } of client.access.at({ time, permission: 'document.read', on: { resourceId } })) show(username) // everybody who could

    const { changes, items } = await client.access.compare({ from, to, on: { organizationId } })
    expect([changes, items]).toBeDefined()

    for await (const item of client.access.review({ organizationId, unusedDays: 180, kinds: ['grants'] })) {
      console.log(item.subject?.name, item.name, item.lastUsedAt ?? 'never', item.remedy)
    }
    expect(said).toContain('ada')
  })
})

describe('C13: docs/sessions-and-tokens.md', () => {
  test('an API token', async () => {
    const denizen = operatorClient()
    const { token, secret } = await denizen.tokens.create({
      name: 'nightly backup',
      scopes: ['users.list', 'users.get'], // action names, users.*, queries, *
      lifetimeDays: 90,
      allowedIps: ['192.0.2.0/24'],
    })
    expect([token.name, secret]).toEqual(['nightly backup', expect.stringMatching(/^dnz_/)])
  })
})

describe('C13: docs/sign-in.md', () => {
  test('a password and a second factor', async () => {
    const { world } = served()
    const person = await world.signUp({ email: 'two@example.com' })
    const app = await enrolAuthenticator(world, person)
    const calls = createClient({ url, token: null })
    const [code, identifier] = [app.code(), 'two@example.com']
    const answer = await calls.auth.signIn({ identifier, password })
    if (answer.status === 'factorRequired') {
      // answer.methods: totp, recoveryCode, passkey; answer.passkey goes to navigator.credentials.get()
      await calls.auth.completeSignIn({ challenge: answer.challenge, totp: code }) // gives the tokens
    }
    expect(answer.status).toBe('factorRequired')
  })

  test('passwords', async () => {
    const { world } = served()
    const { user, as: me } = await world.signUp()
    const [email, userId, operator] = [user.email ?? '', user.id, world.asSystem()]
    const anybody = world.core.as(anonymousActor)
    const [oldPassword, newPassword] = [password, 'seven swans a-swimming']
    await me.auth.changePassword({ oldPassword, newPassword }) // requires recent authentication; ends all other sessions
    await anybody.auth.requestPasswordReset({ email }) // the same answer in the same time, whether or not there is an account
    await world.work()
    const token = world.mailer.tokenFor(email)
    {
      const password = 'eight maids a-milking'
      await anybody.auth.resetPassword({ token, password }) // with the mailed link; does not sign in
    }
    await operator.auth.sendSetupLink({ userId }) // a link with which the user chooses the password
    const again = await anybody.auth.signIn({ identifier: user.username, password: 'eight maids a-milking' })
    expect(completed(again).user.id).toBe(userId)
  })

  test('signing up', async () => {
    const { world } = served()
    const calls = createClient({ url, token: null })
    const email = newEmail()
    const { binding } = await calls.auth.signUp({ email, password, redirectTo: 'https://app.example.com/welcome' })
    await world.work()
    const token = world.mailer.tokenFor(email)
    // store `binding` where the person signed up (sessionStorage); the page behind the link leads back to redirectTo#token=…
    await calls.auth.verifyEmail({ token, binding }) // { status: 'signedUp' | 'takenOver' | 'verified', user, redirectTo }
    expect(await world.asSystem().users.find({ identifier: email })).not.toBeNull()
  })

  test('changing the address', async () => {
    const me = ada.as
    const redirectTo = 'https://app.example.com/welcome'
    await me.users.updateCurrent({ email: 'ada@new.example' }) // { email: 'ada@example.com', pendingEmail: 'ada@new.example', … }
    await me.auth.requestEmailVerification({ redirectTo }) // mails the link again, bound to this browser
    await me.users.updateCurrent({ email: 'ada@example.com' }) // gives it up
    expect((await me.users.current()).user.email).toBe('ada@example.com')
  })

  test('an authenticator app', async () => {
    const { world } = served()
    const client = createClient({ url, token: (await world.signUp()).token })
    const { uri, qr, key } = await client.factors.beginTotp({}) // show the QR code
    const code = new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: world.clock.now().getTime() })
    const { recoveryCodes } = await client.factors.activateTotp({ code }) // show these once
    expect([uri, typeof qr, recoveryCodes.length]).toEqual([expect.stringMatching(/^otpauth:/), expect.any(String), 10])
  })
})
