import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a payer and an approver among its roles, and somebody who runs it; a member has both roles. */
async function company(world: FaceWorld, name: string) {
  const { people } = world.database
  const organizationId = await people.newOrganization(`org-${name}`)
  const { user: chief } = await somebody(world, `${name}-boss`)
  await people.join(organizationId, chief, 'admin')
  const boss = await people.signIn(chief)
  const [payer, approver] = [
    await boss.as.roles.create({ organizationId, name: 'payer', permissions: ['invoice.pay'] }),
    await boss.as.roles.create({ organizationId, name: 'approver', permissions: ['invoice.approve'] }),
  ]
  const { user } = await somebody(world, `${name}-both`)
  await people.join(organizationId, user)
  for (const { id: roleId } of [payer, approver]) await people.access.give({ userId: user.id, roleId, on: { organizationId } })
  return { organizationId, boss, payer: payer.id, approver: approver.id, signIn: () => people.signIn(user) }
}

/** The same, with the roles in a set that keeps them apart in a session. */
async function apart(world: FaceWorld, name: string) {
  const made = await company(world, name)
  const { boss, organizationId, payer, approver } = made
  const { id: exclusionId } = await boss.as.access.createExclusion({
    organizationId,
    name: 'Pay or approve',
    kind: 'dynamic',
    roleIds: [payer, approver],
  })
  return { ...made, exclusionId, both: await made.signIn() }
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const unknownRole: Id<'rol'> = 'rol_01h455vb4pex5vsknk084sn02q'

export const accessSeparationExamples = {
  'access.createExclusion': {
    async succeeds(world) {
      const { boss, organizationId, payer, approver } = await company(world, 'set-made')
      return { as: boss, input: { organizationId, name: 'Pay or approve', kind: 'dynamic', roleIds: [payer, approver] } }
    },
    async fails(world) {
      const { boss, organizationId, payer, approver } = await company(world, 'set-broken')
      return { as: boss, input: { organizationId, name: 'Pay or approve', kind: 'static', roleIds: [payer, approver] } }
    },
    failure: { code: 'access.exclusionViolated', kind: 'conflict' },
  },
  'access.updateExclusion': {
    async succeeds(world) {
      const { boss, exclusionId } = await apart(world, 'set-changed')
      return { as: boss, input: { exclusionId, name: 'One hat at a time' } }
    },
    async fails(world) {
      const { boss, organizationId, exclusionId, payer, approver } = await apart(world, 'set-twice')
      const name = 'Approve or pay'
      await boss.as.access.createExclusion({ organizationId, name, kind: 'dynamic', roleIds: [payer, approver] })
      return { as: boss, input: { exclusionId, name } }
    },
    failure: { code: 'access.exclusionNameTaken', kind: 'conflict' },
  },
  'access.deleteExclusion': {
    async succeeds(world) {
      const { boss, exclusionId } = await apart(world, 'set-deleted')
      return { as: boss, input: { exclusionId } }
    },
    async fails(world) {
      const { people } = world.database
      const { user } = await somebody(world, 'watches-set')
      await people.grant(user, 'monitor')
      return { as: await people.signIn(user), input: { exclusionId: (await apart(world, 'set-kept')).exclusionId } }
    },
    failure: denied,
  },
  'access.listExclusions': {
    async succeeds(world) {
      const { boss, organizationId, payer } = await apart(world, 'sets-listed')
      return { as: boss, input: { organizationId, roleId: payer, total: true } }
    },
    async fails(world) {
      const { both, organizationId } = await apart(world, 'sets-hidden')
      return { as: both, input: { organizationId } }
    },
    failure: denied,
  },
  'access.activateRole': {
    async succeeds(world) {
      const { both, payer } = await apart(world, 'role-chosen')
      return { as: both, input: { roleId: payer } }
    },
    async fails(world) {
      const { both, payer, approver } = await apart(world, 'role-too-many')
      await both.as.access.activateRole({ roleId: payer })
      return { as: both, input: { roleId: approver } }
    },
    failure: { code: 'access.tooManyActive', kind: 'conflict' },
  },
  'access.deactivateRole': {
    async succeeds(world) {
      const { both, payer } = await apart(world, 'role-laid-down')
      await both.as.access.activateRole({ roleId: payer })
      return { as: both, input: { roleId: payer } }
    },
    fails: async () => ({ as: null, input: { roleId: unknownRole } }),
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'access.listActiveRoles': {
    succeeds: async (world) => ({ as: (await apart(world, 'roles-in-use')).both, input: {} }),
    fails: async () => ({ as: null, input: {} }),
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
} satisfies SomeExamples
