import { createClient } from '@denizen/client'
import type { Id } from '@denizen/core'
import type { Calls } from '@denizen/core/calls'
import type { SignedInUser } from '@denizen/core/testing'
import { beforeAll } from 'vitest'
import type { Served } from '../packages/api/src/testing/server.ts'

export const denied = { code: 'request.denied' }
export const notHeld = { code: 'access.notHeld', kind: 'denied' }
export const notFound = { code: 'request.notFound' }

type As = (who: SignedInUser) => Calls

/** In this process, and over HTTP. */
export const facesOf = (served: () => Served): readonly [name: string, as: As][] => [
  ['run', ({ as }) => as],
  ['HTTP', ({ token }) => createClient({ url: served().server.url, token }) as unknown as Calls],
]

/** An organization with somebody of every role, for one face's tests. */
export interface Cast {
  readonly organizationId: Id<'org'>
  readonly owner: SignedInUser
  readonly admin: SignedInUser
  readonly member: SignedInUser
}

export function useCast(served: () => Served): () => Cast {
  let cast: Cast | undefined
  beforeAll(async () => {
    const { world } = served()
    const organizationId = await world.newOrganization()
    const owner = await world.asMember(organizationId, 'owner')
    const admin = await world.asMember(organizationId, 'admin')
    cast = { organizationId, owner, admin, member: await world.asMember(organizationId) }
  })
  return () => {
    if (cast === undefined) throw new Error('they are there from beforeAll on')
    return cast
  }
}

/** How a call went: `done`, or the code of its error. */
export function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}
