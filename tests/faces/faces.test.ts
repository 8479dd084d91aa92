import { defaultSettings } from '@denizen/core'
import { kinds, type ActionName } from '@denizen/core/calls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../packages/core/src/actions.ts'
import { isCommand } from '../../packages/core/src/kernel/action.ts'
import { openDatabase } from '../database.ts'
import { faces, type Face, type Outcome } from './callers.ts'
import { examples, type Examples, type FaceWorld } from '../examples/index.ts'
import { endPrograms, startServer } from '../processes.ts'
import { startMailServer, type MailServer } from '../../packages/runtime/src/testing/mail-server.ts'

/** What can be compared of a call: the answer, and what was written down about it. */
interface Trail {
  readonly outcome: unknown
  readonly audit: readonly unknown[]
  /** Whether nobody in particular made it. */
  readonly byStranger: boolean
}

type Case = 'succeeds' | 'fails'

const names = Object.keys(kinds) as ActionName[]
const [reference, ...others] = faces
const expected = new Map<string, Trail>()

afterAll(endPrograms)

it('every action has an example here', () => {
  expect(names.filter((name) => !(name in examples))).toEqual([])
})

describe(`${reference.name}`, () => {
  const place = usePlace(false)
  for (const [name, which] of cases(reference)) {
    it(`${name} ${which}`, async () => {
      const trail = await follow(reference, name, which, place())
      expected.set(`${name} ${which}`, trail)
      const example = exampleOf(name)
      if (which === 'succeeds') expect(trail.outcome).toHaveProperty('answer')
      else expect(trail.outcome).toHaveProperty('error.code', example.failure.code)
      expect(trail.audit).toEqual(auditOf(name, which, trail.byStranger))
    })
  }
})

for (const face of others) {
  describe(`${face.name}`, () => {
    const place = usePlace(true)
    for (const [name, which] of cases(face)) {
      it(`${name} ${which} as it does ${reference.name}`, async () => {
        const trail = await follow(face, name, which, place())
        expect(expected.get(`${name} ${which}`), `${name} has to run ${reference.name} first`).toBeDefined()
        expect(trail).toEqual(expected.get(`${name} ${which}`))
      })
    }
  })
}

function cases({ only }: Face): (readonly [ActionName, Case])[] {
  return names
    .filter((name) => only === null || only.includes(name))
    .flatMap(
      (name) =>
        [
          [name, 'succeeds'],
          [name, 'fails'],
        ] as const,
    )
}

function exampleOf(name: ActionName): Examples {
  const example: Examples | undefined = examples[name]
  if (example === undefined) throw new Error(`${name} has no example: add one to tests/examples`)
  return example
}

/** A world of the face's own, and a server in it. */
function usePlace(served: boolean): () => { world: FaceWorld; url: string } {
  let place: { world: FaceWorld; url: string } | undefined
  let mails: MailServer
  beforeAll(async () => {
    mails = await startMailServer()
    const database = await openDatabase()
    const world = { database, admin: await database.people.asSuperadmin() }
    await database.rows(`update users set username = 'the-admin', email = 'the-admin@example.com' where username = ?`, [
      world.admin.user.username,
    ])
    const admin = await database.people.signIn({ ...world.admin.user, username: 'the-admin' })
    const mail = {
      DENIZEN_SMTP_URL: mails.url,
      DENIZEN_MAIL_FROM: 'denizen@example.com',
      DENIZEN_PUBLIC_URL: defaultSettings.publicUrl,
    }
    const url = served ? (await startServer({ ...database.environment, ...mail })).url : ''
    place = { world: { database, admin }, url }
  })
  afterAll(async () => {
    await endPrograms()
    await mails.close()
    await place?.world.database.close()
  })
  return () => {
    if (place === undefined) throw new Error('the place is there from beforeAll to afterAll')
    return place
  }
}

interface AuditRow {
  readonly id: string
}

async function follow(face: Face, name: ActionName, which: Case, place: { world: FaceWorld; url: string }): Promise<Trail> {
  const { database } = place.world
  const prepared = await exampleOf(name)[which](place.world)
  const entries = () =>
    database.rows<AuditRow>(
      `select id::text, action, outcome, error_code, actor_kind, actor_id is not null as has_actor, session_id is not null as has_session,
         target_type, target_id is not null as has_target, changes from audit_entries order by id`,
    )
  const before = new Set((await entries()).map(({ id }) => id))
  const outcome: Outcome = await face.call(name, prepared, place)
  const audit = (await entries()).filter(({ id }) => !before.has(id)).map(({ id: _, ...entry }) => entry)
  return { outcome: comparable(outcome), audit: audit.map(comparable), byStranger: prepared.as === null }
}

/** The audit entries that a call leaves, whatever its face. */
function auditOf(name: ActionName, which: Case, byStranger: boolean): readonly unknown[] {
  const entry = (facts: Record<string, unknown>) => [expect.objectContaining({ action: name, ...facts })]
  if (which === 'succeeds') {
    const action = actions.get(name)
    if (action === undefined || !isCommand(action)) return []
    return entry({ outcome: 'succeeded', error_code: null, actor_kind: byStranger ? 'anonymous' : 'user' })
  }
  const { code, kind, counted = false } = exampleOf(name).failure
  if (counted) return entry({ outcome: 'refused', error_code: code, actor_kind: byStranger ? 'anonymous' : 'user' })
  // A wrong proof is counted, and so kept; who shows none at all leaves nothing.
  if (byStranger && kind === 'unauthenticated' && code !== 'request.unauthenticated')
    return entry({ outcome: 'refused', error_code: code, actor_kind: 'anonymous' })
  if (kind === 'denied') return entry({ outcome: 'denied', error_code: code, actor_kind: 'user' })
  if (kind === 'conflict') return entry({ outcome: 'failed', error_code: code, actor_kind: 'user' })
  return [] // strangers, broken inputs and queries for what is not there leave none
}

/** As JSON, with what is random or of the moment replaced by what it is. */
function comparable(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told), (key, value: unknown) => {
    if (typeof value !== 'string') return value
    if (key === 'nextCursor') return 'a cursor'
    return value
      .replace(/\bdnz_\w+/g, 'a token')
      .replace(/^guest-[0-9a-z]{10}$/, 'a guest')
      .replace(/^eyJ[\w.-]+$/, 'a signed token')
      .replace(/^http:\/\/127\.0\.0\.1:\d+/, 'here')
      .replace(/^<svg .*<\/svg>$/s, 'a picture')
      .replace(/(^|\bsecret=)[A-Z2-7]{32}\b/, '$1a key')
      .replace(/^([0-9a-z]{4}-){2}[0-9a-z]{4}$/, 'a recovery code')
      .replace(/^[\w-]{43}$/, 'a nonce')
      .replace(/\b(state|nonce|code_challenge)=[\w-]{43}\b/g, '$1=a nonce')
      .replace(/(^|=)[A-Z]{4}-[A-Z]{4}$/, '$1a user code')
      .replace(/^dXNyX[\w-]{35}$/, 'a user handle')
      .replace(/\b(denizen-verification)=\w+/, '$1=a challenge')
      .replace(/\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{26}\b/g, 'an id: $1')
      .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, 'a time')
  })
}
