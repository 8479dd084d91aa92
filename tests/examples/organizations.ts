import type { Id } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

interface Place {
  readonly organizationId: Id<'org'>
  readonly owner: SignedInUser
}

/** An organization with an owner, under names that are the same in every world. */
async function placeOf(world: FaceWorld, slug: string): Promise<Place> {
  const { people } = world.database
  const organizationId = await people.newOrganization(slug)
  const user = await people.newUser({ username: `owner-of-${slug}`, email: `owner@${slug}.example` })
  await people.join(organizationId, user, 'owner')
  return { organizationId, owner: await people.signIn(user) }
}

async function joined(world: FaceWorld, { organizationId }: Place, username: string): Promise<SignedInUser> {
  const { people } = world.database
  const user = await people.newUser({ username, email: `${username}@example.com` })
  await people.join(organizationId, user)
  return people.signIn(user)
}

/** A call about an organization that the caller is not in. */
async function fromOutside(world: FaceWorld, slug: string) {
  const { organizationId } = await placeOf(world, slug)
  return { as: await somebody(world, `outside-of-${slug}`), input: { organizationId } }
}

const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const denied = { code: 'request.denied', kind: 'denied' } as const
const lastOwner = { code: 'organizations.lastOwner', kind: 'conflict' } as const

const ofOrganizations = {
  'organizations.create': {
    succeeds: async (world) => ({ as: await somebody(world, 'founder'), input: { name: 'Founder’s Own', settings: { theme: 'dark' } } }),
    async fails(world) {
      const { owner } = await placeOf(world, 'there-already')
      return { as: owner, input: { name: 'Another', slug: 'there-already' } }
    },
    failure: { code: 'organizations.slugTaken', kind: 'conflict' },
  },
  'organizations.get': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'is-shown')
      return { as: owner, input: { organizationId } }
    },
    fails: (world) => fromOutside(world, 'is-not-shown'),
    failure: notFound,
  },
  'organizations.list': {
    async succeeds(world) {
      const { owner } = await placeOf(world, 'is-listed')
      return { as: owner, input: { search: 'is-l', total: true } }
    },
    fails: async (world) => ({ as: await somebody(world, 'lists-none'), input: { cursor: 'forged' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'organizations.listMemberships': {
    async succeeds(world) {
      const { owner } = await placeOf(world, 'is-joined')
      return { as: world.admin, input: { userId: owner.user.id } }
    },
    async fails(world) {
      const { owner } = await placeOf(world, 'is-not-told')
      return { as: await somebody(world, 'asks-about-others'), input: { userId: owner.user.id } }
    },
    failure: notFound,
  },
  'organizations.update': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'is-renamed')
      return { as: owner, input: { organizationId, version: 1, name: 'Renamed', slug: 'was-renamed' } }
    },
    async fails(world) {
      const { owner, organizationId } = await placeOf(world, 'wants-seats')
      return { as: owner, input: { organizationId, seatLimit: 1000 } }
    },
    failure: denied,
  },
  'organizations.archive': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'is-archived')
      return { as: owner, input: { organizationId } }
    },
    async fails(world) {
      const place = await placeOf(world, 'stays')
      return { as: await joined(world, place, 'would-archive'), input: { organizationId: place.organizationId } }
    },
    failure: denied,
  },
  'organizations.restore': {
    async succeeds(world) {
      const { organizationId } = await placeOf(world, 'is-restored')
      await world.database.people.asSystem().organizations.archive({ organizationId })
      return { as: world.admin, input: { organizationId } }
    },
    async fails(world) {
      const { organizationId } = await placeOf(world, 'is-not-archived')
      return { as: world.admin, input: { organizationId } }
    },
    failure: { code: 'organizations.notArchived', kind: 'conflict' },
  },
  'organizations.switch': {
    async succeeds(world) {
      const place = await placeOf(world, 'is-entered')
      const second = await world.database.people.newOrganization('is-entered-second')
      await world.database.people.join(second, place.owner.user)
      return { as: place.owner, input: { organizationId: second } }
    },
    async fails(world) {
      const { owner } = await placeOf(world, 'is-not-entered')
      return { as: owner, input: { organizationId: owner.user.id } }
    },
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
} satisfies SomeExamples

const ofDomains = {
  'organizations.addDomain': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'names-domain')
      return { as: owner, input: { organizationId, domain: 'Named.Example' } }
    },
    async fails(world) {
      const place = await placeOf(world, 'names-none')
      const { organizationId } = place
      return { as: await joined(world, place, 'would-name'), input: { organizationId, domain: 'named.example' } }
    },
    failure: denied,
  },
  'organizations.verifyDomain': {
    // Proved already, so that no server asks the DNS of the machine that tests run on.
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'proves-domain')
      await world.database.people.ownDomain(organizationId, 'proved.example')
      return { as: owner, input: { organizationId, domain: 'proved.example' } }
    },
    async fails(world) {
      const place = await placeOf(world, 'proves-none')
      const { organizationId } = place
      return { as: await joined(world, place, 'would-prove'), input: { organizationId, domain: 'proved.example' } }
    },
    failure: denied,
  },
  'organizations.removeDomain': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'gives-domain-up')
      await world.database.people.ownDomain(organizationId, 'given-up.example')
      return { as: owner, input: { organizationId, domain: 'given-up.example' } }
    },
    async fails(world) {
      const place = await placeOf(world, 'gives-none-up')
      const { organizationId } = place
      return { as: await joined(world, place, 'would-give-up'), input: { organizationId, domain: 'given-up.example' } }
    },
    failure: denied,
  },
  'organizations.listDomains': {
    async succeeds(world) {
      const { owner, organizationId } = await placeOf(world, 'lists-domains')
      await world.database.people.ownDomain(organizationId, 'listed.example')
      return { as: owner, input: { organizationId } }
    },
    fails: (world) => fromOutside(world, 'lists-no-domains'),
    failure: notFound,
  },
} satisfies SomeExamples

const ofMembers = {
  'organizations.addMember': {
    async succeeds(world) {
      const { organizationId } = await placeOf(world, 'adds-member')
      const { user } = await somebody(world, 'is-added')
      return { as: world.admin, input: { organizationId, userId: user.id, role: 'admin' } }
    },
    async fails(world) {
      const place = await placeOf(world, 'adds-member-again')
      const { user } = await joined(world, place, 'is-there-already')
      return { as: place.owner, input: { organizationId: place.organizationId, userId: user.id } }
    },
    failure: { code: 'organizations.alreadyMember', kind: 'conflict' },
  },
  'organizations.removeMember': {
    async succeeds(world) {
      const place = await placeOf(world, 'removes-member')
      const { user } = await joined(world, place, 'is-removed')
      return { as: place.owner, input: { organizationId: place.organizationId, userId: user.id } }
    },
    async fails(world) {
      const { owner, organizationId } = await placeOf(world, 'keeps-owner')
      return { as: owner, input: { organizationId, userId: owner.user.id } }
    },
    failure: lastOwner,
  },
  'organizations.updateMember': {
    async succeeds(world) {
      const place = await placeOf(world, 'changes-member')
      const { user } = await joined(world, place, 'is-changed')
      return { as: place.owner, input: { organizationId: place.organizationId, userId: user.id, role: 'admin' } }
    },
    async fails(world) {
      const { owner, organizationId } = await placeOf(world, 'keeps-role')
      return { as: owner, input: { organizationId, userId: owner.user.id, role: 'member' } }
    },
    failure: lastOwner,
  },
  'organizations.listMembers': {
    async succeeds(world) {
      const place = await placeOf(world, 'lists-members')
      const { user } = await joined(world, place, 'is-in-the-list')
      return { as: place.owner, input: { organizationId: place.organizationId, search: user.username, total: true } }
    },
    fails: (world) => fromOutside(world, 'lists-no-members'),
    failure: notFound,
  },
  'organizations.transferOwnership': {
    async succeeds(world) {
      const place = await placeOf(world, 'is-handed-over')
      const { user } = await joined(world, place, 'successor')
      return { as: place.owner, input: { organizationId: place.organizationId, toUserId: user.id } }
    },
    async fails(world) {
      const place = await placeOf(world, 'is-kept')
      const { user } = await joined(world, place, 'no-successor')
      return { as: world.admin, input: { organizationId: place.organizationId, toUserId: user.id } }
    },
    failure: { code: 'organizations.notAnOwner', kind: 'conflict' },
  },
} satisfies SomeExamples

export const organizationExamples = { ...ofOrganizations, ...ofDomains, ...ofMembers } satisfies SomeExamples
