import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with somebody who runs it and a member, signed in after they joined, and a document of its access. */
async function place(world: FaceWorld, name: string) {
  const { people } = world.database
  const organizationId = await people.newOrganization(`code-${name}`)
  const join = async (username: string, role: 'owner' | 'member') => {
    const { user } = await somebody(world, username)
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  const [boss, member] = [await join(`code-${name}-boss`, 'owner'), await join(`code-${name}-member`, 'member')]
  const document = {
    version: 1,
    organization: organizationId,
    roles: {
      editor: { description: 'Writes documents', permissions: ['document.write'], includes: ['viewer'] },
      viewer: { permissions: ['document.read'] },
      approver: {},
    },
    exclusions: { 'write-and-approve': { kind: 'static', roles: ['editor', 'approver'] } },
    assignments: [{ user: `code-${name}-member`, role: 'editor', until: '2200-01-01' }],
    tests: [{ who: `code-${name}-member`, can: ['document.write', 'document.read'], cannot: 'document.approve' }],
  }
  return { organizationId, boss, member, document }
}

const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const invalid = { code: 'access.documentInvalid', kind: 'invalid' } as const

export const accessCodeExamples = {
  'access.plan': {
    async succeeds(world) {
      const { boss, document } = await place(world, 'planned')
      return { as: boss, input: { document } }
    },
    async fails(world) {
      const { boss, document } = await place(world, 'unplanned')
      return { as: boss, input: { document: { ...document, assignments: [{ user: 'not-a-member', role: 'editor' }], tests: [] } } }
    },
    failure: invalid,
  },
  'access.apply': {
    async succeeds(world) {
      const { boss, document } = await place(world, 'applied')
      return { as: boss, input: { document } }
    },
    async fails(world) {
      const { boss, document } = await place(world, 'unapplied')
      return { as: boss, input: { document: { ...document, tests: [{ who: 'code-unapplied-boss', cannot: 'document.write' }] } } }
    },
    failure: { code: 'access.testsFailed', kind: 'conflict' },
  },
  'access.diff': {
    async succeeds(world) {
      const { boss, document } = await place(world, 'compared')
      return { as: boss, input: { document } }
    },
    async fails(world) {
      const { member, document } = await place(world, 'not-compared')
      return { as: member, input: { document } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
  'access.test': {
    async succeeds(world) {
      const { boss, document } = await place(world, 'tested')
      return { as: boss, input: { document } }
    },
    async fails(world) {
      const { document } = await place(world, 'untested')
      return { as: await somebody(world, 'tests-access'), input: { document } }
    },
    failure: notFound,
  },
  'access.export': {
    async succeeds(world) {
      const { boss, organizationId, document } = await place(world, 'exported')
      await world.database.people.asSystem().access.apply({ document: document as never })
      return { as: boss, input: { organizationId } }
    },
    async fails(world) {
      const { organizationId } = await place(world, 'not-exported')
      return { as: await somebody(world, 'exports-access'), input: { organizationId } }
    },
    failure: notFound,
  },
} satisfies SomeExamples
