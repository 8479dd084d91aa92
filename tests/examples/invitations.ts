import { queuedJobs } from '@denizen/core/testing'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

const password = 'another correct horse battery'

/** An organization, with an invitation in it to an address. */
async function invited({ database }: FaceWorld, name: string) {
  const organizationId = await database.people.newOrganization(`org-${name}`)
  const email = `${name}@example.com`
  const { id: invitationId } = await database.people.asSystem().organizations.invite({ organizationId, email })
  return { organizationId, email, invitationId }
}

/** The token of its link, as the mail would bring it. */
async function linked(world: FaceWorld, name: string) {
  const invitation = await invited(world, name)
  const { core, mailer } = world.database
  const jobs = await queuedJobs(core.orm.em.fork() as SqlEntityManager, { take: true })
  for (const job of jobs) await core.work(job.name, job.payload)
  return { ...invitation, token: mailer.tokenFor(invitation.email) }
}

/** Somebody who has proved their address, and is invited. */
async function guest(world: FaceWorld, name: string) {
  const self = await somebody(world, name)
  await world.database.rows('update users set email_verified = true where username = ?', [name])
  return { self, ...(await invited(world, name)) }
}

const unusable = 'dnz_invite_01j0000000e008000000000001_0000'

export const invitationExamples = {
  'organizations.invite': {
    async succeeds({ admin, database }) {
      const organizationId = await database.people.newOrganization('org-invites')
      return { as: admin, input: { organizationId, email: 'Is-Invited@Example.com', role: 'admin' } }
    },
    async fails(world) {
      const organizationId = await world.database.people.newOrganization('org-has-member')
      const { user } = await somebody(world, 'is-member')
      await world.database.people.join(organizationId, user)
      return { as: world.admin, input: { organizationId, email: 'is-member@example.com' } }
    },
    failure: { code: 'organizations.alreadyMember', kind: 'conflict' },
  },
  'organizations.viewInvitation': {
    succeeds: async (world) => ({ as: await somebody(world, 'looks-on'), input: { token: (await linked(world, 'is-looked-at')).token } }),
    fails: async () => ({ as: null, input: { token: unusable } }),
    failure: { code: 'organizations.invitationInvalid', kind: 'notFound' },
  },
  'organizations.acceptInvitation': {
    async succeeds(world) {
      const { self, invitationId } = await guest(world, 'accepts')
      return { as: self, input: { invitationId } }
    },
    fails: async (world) => ({
      as: await somebody(world, 'is-another'),
      input: { token: (await linked(world, 'is-meant')).token, password },
    }),
    failure: { code: 'organizations.invitedAnother', kind: 'denied' },
  },
  'organizations.declineInvitation': {
    async succeeds(world) {
      const { self, invitationId } = await guest(world, 'declines')
      return { as: self, input: { invitationId } }
    },
    fails: async () => ({ as: null, input: { token: unusable } }),
    failure: { code: 'organizations.invitationInvalid', kind: 'notFound' },
  },
  'organizations.revokeInvitation': {
    succeeds: async (world) => ({ as: world.admin, input: { invitationId: (await invited(world, 'is-unwanted')).invitationId } }),
    async fails(world) {
      const { invitationId } = await invited(world, 'is-unwanted-twice')
      await world.database.people.asSystem().organizations.revokeInvitation({ invitationId })
      return { as: world.admin, input: { invitationId } }
    },
    failure: { code: 'organizations.invitationAnswered', kind: 'conflict' },
  },
  'organizations.listInvitations': {
    async succeeds(world) {
      const { organizationId } = await invited(world, 'is-listed')
      return { as: world.admin, input: { organizationId, state: 'pending', limit: 1 } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { state: 'accepted' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
} satisfies SomeExamples
