import { actions, systemActor, userActor, uuidOf, type Core, type Id } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { bearer, inputOf, useServer, type WireError } from './testing/server.ts'

const served = useServer()
const unknown = { user: 'usr_01m7xam09pemxa9zmysc0m5hap', resource: 'res_01h455vb4pex5vsknk084sn02q' } as const

type Input = Readonly<Record<string, unknown>>

/** Everybody who may ask something, with every kind of credential, and what there is to ask about. */
async function town() {
  const { world, admin, stranger } = served()
  const organizationId = await world.newOrganization()
  const [boss, member, far] = [
    await world.asMember(organizationId, 'admin'),
    await world.asMember(organizationId),
    await world.asMember(organizationId),
  ]
  const folder = await world.access.newResource({ organizationId, type: 'folder' })
  const inside = await world.access.newResource({ organizationId, parentId: folder })
  const own = await world.access.newResource({ ownerUserId: member.user.id })
  await world.access.give({ userId: member.user.id, permission: 'document.read', on: { resourceId: folder } })
  await world.access.give({
    userId: far.user.id,
    permission: 'document.read',
    on: { organizationId },
    condition: { networks: ['10.0.0.0/8'] },
  })
  const token = async (of: SignedInUser, options: Input = {}) => (await of.as.tokens.create({ name: 'app', ...options })).secret
  const callers = [
    ...[admin, stranger, boss, far].map((each) => each.token),
    (await world.signIn(member.user)).token,
    await token(boss, { organizationId }),
    await token(boss, { scopes: ['access.check', 'document.read'] }),
    await token(boss, { scopes: ['organizations.get'] }),
    await token(boss, { allowedIps: ['192.0.2.0/24'] }),
  ]
  const places = [undefined, { organizationId }, { resourceId: inside }, { resourceId: own }, { resourceId: unknown.resource }]
  const whom: Input[] = [
    {},
    ...[boss, member, far, stranger, admin].map(({ user }) => ({ userId: user.id })),
    { userId: unknown.user },
    { userId: boss.user.id, sessionId: boss.principal.sessionId },
    { userId: boss.user.id, sessionId: stranger.principal.sessionId },
    { sessionId: boss.principal.sessionId },
  ]
  return {
    callers,
    questions: whom.flatMap((each) =>
      places.flatMap((on) => ['document.read', 'organizations.get'].map((permission) => ({ ...each, permission, on }))),
    ),
  }
}

async function through(core: Core, name: string, token: string, input: Input = {}): Promise<unknown> {
  const principal = await core.authenticate(token)
  if (principal === null) return 'nobody'
  const origin = { requestId: 'req_test', ip: '127.0.0.1', userAgent: null, remote: true } as const
  return core.run(name, input, { actor: userActor(principal), origin }).catch(codeOf)
}

function codeOf(error: unknown): unknown {
  return (error as { code: unknown }).code
}

describe('access.check over HTTP', () => {
  it('answers from memory what the pipeline answers, and leaves every error and every address to it', async () => {
    const { world, get } = served()
    const { callers, questions } = await town()
    const { core } = world
    const query = core.immediate('access.check', ({ json }) => JSON.parse(json) as object)
    let atOnce = 0
    for (const token of callers)
      for (const question of questions) {
        const input = JSON.parse(JSON.stringify(question)) as Input
        const expected = await through(core, 'access.check', token, input)
        const principal = core.authenticated(token)
        const answer = query?.(input) ?? undefined
        const decided = principal === undefined ? undefined : answer?.(principal, 'req_test')
        if (decided !== undefined) atOnce++
        expect([expected, undefined]).toContainEqual(decided)
        const reply = await get(`/trpc/access.check${inputOf(input)}`, bearer({ token }))
        expect(
          reply.status === 200
            ? reply.json<{ result: { data: { json: unknown } } }>().result.data.json
            : reply.json<WireError & object>().error.json.data.domain.code,
        ).toEqual(expected)
      }
    expect(atOnce).toBeGreaterThan(100)
  })

  it('counts as use of what was asked for, and of asking about others', async () => {
    const { world, admin } = served()
    const { core } = world
    const organizationId = await world.newOrganization()
    const [boss, member] = [await world.asMember(organizationId, 'admin'), await world.asMember(organizationId)]
    await world.access.give({ userId: member.user.id, permission: 'document.read', on: { organizationId } })
    const warming = { permission: 'document.write', on: { organizationId } }
    await boss.as.access.check(warming)
    await admin.as.access.check({ ...warming, userId: member.user.id })
    const answer = core.immediate('access.check', ({ json }) => json)
    const question = { userId: member.user.id, permission: 'document.read', on: { organizationId } }
    const principal = await core.authenticate(boss.token)
    expect(principal && answer?.(question)?.(principal, 'req_test')).toBe('{"allowed":true}')
    await core.writeLastSeen()
    const usesOf = ({ user }: SignedInUser) =>
      world.rows('select permission from permission_uses where user_id = ? order by permission', [uuidOf(user.id)])
    expect(await usesOf(boss)).toEqual([{ permission: 'access.check' }, { permission: 'document.write' }])
    expect(await usesOf(member)).toEqual([{ permission: 'document.read' }])
  })

  it('is told to monitors, once each, and gives the request its id', async () => {
    const { admin, get, reports } = served()
    const path = `/trpc/access.check${inputOf({ permission: 'document.read' })}`
    const headers = bearer(admin)
    for (let time = 0; time < 3; time++) {
      reports.length = 0
      const reply = await get(path, { ...headers, 'x-request-id': `req-${time}` })
      expect(reply.json()).toEqual({ result: { data: { json: { allowed: true } } } })
      expect(reply.headers.get('x-request-id')).toBe(`req-${time}`)
      expect(reports.filter(({ action }) => action === 'access.check')).toEqual([
        {
          action: 'access.check',
          kind: 'query',
          actorKind: 'user',
          outcome: 'ok',
          requestId: `req-${time}`,
          durationMs: expect.any(Number) as number,
        },
      ])
    }
  })

  it('is refused at the next call once the session is over, and answers anew once something is given', async () => {
    const { world, get } = served()
    const ada = await world.signUp()
    const resourceId: Id<'res'> = await world.access.newResource({ ownerUserId: served().admin.user.id })
    const path = `/trpc/access.check${inputOf({ permission: 'document.read', on: { resourceId } })}`
    const allowed = async () => (await get(path, bearer(ada))).text
    for (let time = 0; time < 2; time++) expect(await allowed()).toContain('"allowed":false')
    await world.core
      .as(systemActor('test'))
      .access.grantPermission({ userId: ada.user.id, permission: 'document.read', on: { resourceId } })
    expect(await allowed()).toContain('"allowed":true')
    await ada.as.auth.signOut({})
    expect((await get(path, bearer(ada))).status).toBe(401)
  })

  it('takes nothing that it does not know', async () => {
    const { admin, get } = served()
    expect((await get(`/trpc/access.check${inputOf({ permission: 'document.read' })}`, bearer(admin))).status).toBe(200)
    for (const search of [
      '',
      '?input=',
      '?input=%',
      '?input=null',
      '?input=%7B%22json%22%3A%7B%22permission%22%3A7%7D%7D',
      `${inputOf({ permission: 'document.read', as: 'root' })}`,
    ])
      expect((await get(`/trpc/access.check${search}`, bearer(admin))).status).toBe(400)
    expect((await get(`/trpc/access.check${inputOf({ permission: 'document.read' })}`)).status).toBe(401)
  })
})

describe('sessions.whoami over HTTP', () => {
  it('answers from memory what the pipeline answers, for whoever may ask from anywhere', async () => {
    const { core } = served().world
    const { callers } = await town()
    const query = core.immediate('sessions.whoami', (answer) => answer)
    const told = callers.map(async (token) => {
      const expected = await through(core, 'sessions.whoami', token)
      const principal = core.authenticated(token)
      const answers = [0, 1].map(() => (principal === undefined ? undefined : query?.({})?.(principal, 'req_test')))
      expect(answers[1]).toBe(answers[0])
      if (answers[0] !== undefined) expect(JSON.parse(answers[0].json)).toEqual(JSON.parse(JSON.stringify(expected)))
      return answers[0] === undefined ? 'run' : 'immediate'
    })
    // A token for one address is none of them.
    expect(await Promise.all(told)).toEqual([...Array.from({ length: 8 }, () => 'immediate'), 'run'])
  })
})

it('no action that needs the database is answered from memory', () => {
  const { core } = served().world
  const found = [...actions.keys()].filter((name) => core.immediate(name, ({ json }) => json) !== undefined)
  expect(found.toSorted()).toEqual(['access.check', 'sessions.whoami'])
})
