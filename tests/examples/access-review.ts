import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with an administrator, and a role that nobody has. */
async function reviewed(world: FaceWorld, name: string) {
  const { people } = world.database
  const organizationId = await people.newOrganization(`org-${name}`)
  const { user } = await somebody(world, `${name}-boss`)
  await people.join(organizationId, user, 'admin')
  const boss = await people.signIn(user)
  await people.access.newRole({ organizationId, name: 'Idle', permissions: ['document.read'] })
  return { organizationId, boss }
}

export const accessReviewExamples = {
  'access.review': {
    async succeeds(world) {
      const { boss, organizationId } = await reviewed(world, 'reviewed')
      return { as: boss, input: { organizationId, unusedDays: 90, kinds: ['grants', 'roles', 'tokens'] } }
    },
    async fails(world) {
      const { organizationId } = await reviewed(world, 'not-reviewed')
      const { user } = await somebody(world, 'reviews-nothing')
      await world.database.people.join(organizationId, user)
      return { as: await world.database.people.signIn(user), input: { organizationId } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
