import { createClient, DenizenError } from '@denizen/client'
import type { Id } from '@denizen/core'
import type { Calls } from '@denizen/core/calls'
import type { SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'

/** What all of them may do on one thing until it is taken from them: members may not by themselves. */
const permission = 'resources.get'

/** Somebody who may read a thing, by one of the ways that access control knows. */
export interface Grantee {
  readonly person: SignedInUser
  readonly resourceId: Id<'res'>
  /** Takes it away again. */
  take(operator: Calls): Promise<unknown>
}

/** Where they are. */
export interface Place {
  readonly organizationId: Id<'org'>
  readonly resourceId: Id<'res'>
}

type Given = Omit<Grantee, 'person' | 'resourceId'>
type Way = (database: SystemDatabase, place: Place, userId: Id<'usr'>) => Promise<Given>

/** How somebody may come to have something, each with how they lose it. */
export const ways: Readonly<Record<string, Way>> = {
  'a permission taken out of a role': async ({ people }, { organizationId }, userId) => {
    const roleId = await people.access.newRole({ organizationId, permissions: [permission] })
    await people.access.give({ userId, roleId, on: { organizationId } })
    return { take: (operator) => operator.roles.revokePermission({ roleId, permission }) }
  },
  'a role unassigned': async ({ people }, { organizationId }, userId) => {
    const roleId = await people.access.newRole({ organizationId, permissions: [permission] })
    const assignmentId = await people.access.give({ userId, roleId, on: { organizationId } })
    return { take: (operator) => operator.access.unassignRole({ assignmentId }) }
  },
  'a seat in a team ended': async ({ people }, { organizationId }, userId) => {
    const { id: teamId } = await people.asSystem().teams.create({ organizationId, name: crypto.randomUUID() })
    await people.access.give({ teamId, permission, on: { organizationId } })
    await people.asSystem().teams.addMember({ teamId, userId })
    return { take: (operator) => operator.teams.removeMember({ teamId, userId }) }
  },
  'a grant on a resource revoked': async ({ people }, { resourceId }, userId) => {
    await people.access.give({ userId, permission, on: { resourceId } })
    return { take: (operator) => operator.resources.revoke({ resourceId, userId, permission }) }
  },
}

/** An organization with a thing in it. */
export async function newPlace({ people }: SystemDatabase): Promise<Place> {
  const organizationId = await people.newOrganization()
  return { organizationId, resourceId: await people.access.newResource({ organizationId }) }
}

/** A member who has been given something, signed in. */
export async function newGrantee(database: SystemDatabase, place: Place, way: Way): Promise<Grantee> {
  const { people } = database
  const user = await people.newUser()
  await people.join(place.organizationId, user)
  const { take } = await way(database, place, user.id)
  return { person: await people.signIn(user), resourceId: place.resourceId, take }
}

/** A question whose answer is yes for whoever still has it. */
export interface Question {
  readonly name: string
  /** Answered from memory alone; the other reads the thing. */
  readonly remembered: boolean
  accepts(url: string, grantee: Grantee, operator: string): Promise<boolean>
}

export const questions: readonly Question[] = [
  {
    name: 'access.check',
    remembered: true,
    accepts: async (url, { person, resourceId }, token) =>
      (await createClient({ url, token }).access.check({ userId: person.user.id, permission, on: { resourceId } })).allowed,
  },
  {
    name: 'resources.get',
    remembered: false,
    async accepts(url, { person, resourceId }) {
      try {
        await createClient({ url, token: person.token }).resources.get({ resourceId })
        return true
      } catch (error) {
        // To whoever may not see it, it is not there.
        if (error instanceof DenizenError && error.code === 'request.notFound') return false
        throw error
      }
    },
  },
]
