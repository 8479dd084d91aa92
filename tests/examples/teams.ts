import type { Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** An organization with a team, a member and somebody who runs it, all signed in after they joined. */
async function team(world: FaceWorld, name: string) {
  const { people } = world.database
  const organizationId = await people.newOrganization(`org-${name}`)
  const join = async (username: string, role: 'admin' | 'member') => {
    const { user } = await somebody(world, username)
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  const [boss, member] = [await join(`${name}-boss`, 'admin'), await join(`${name}-member`, 'member')]
  const { id: teamId } = await people.asSystem().teams.create({ organizationId, name: 'Blue' })
  return { organizationId, boss, member, teamId }
}

/** The same, with the member in the team. */
async function fullTeam(world: FaceWorld, name: string) {
  const made = await team(world, name)
  await made.boss.as.teams.addMember({ teamId: made.teamId, userId: made.member.user.id })
  return made
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const taken = { code: 'teams.nameTaken', kind: 'conflict' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const unknown: Id<'team'> = 'team_01h455vb4pex5vsknk084sn02q'

export const teamExamples = {
  'teams.create': {
    async succeeds(world) {
      const { boss, organizationId } = await team(world, 'team-made')
      return { as: boss, input: { organizationId, name: 'Red', description: 'the red ones' } }
    },
    async fails(world) {
      const { boss, organizationId } = await team(world, 'team-twice')
      return { as: boss, input: { organizationId, name: 'BLUE' } }
    },
    failure: taken,
  },
  'teams.update': {
    async succeeds(world) {
      const { boss, teamId } = await team(world, 'team-changed')
      return { as: boss, input: { teamId, name: 'Green' } }
    },
    async fails(world) {
      const { boss, teamId } = await team(world, 'team-outdated')
      return { as: boss, input: { teamId, version: 7, name: 'Green' } }
    },
    failure: { code: 'request.versionConflict', kind: 'conflict' },
  },
  'teams.delete': {
    async succeeds(world) {
      const { boss, teamId } = await fullTeam(world, 'team-deleted')
      return { as: boss, input: { teamId } }
    },
    async fails(world) {
      const { member, teamId } = await fullTeam(world, 'team-kept')
      return { as: member, input: { teamId } }
    },
    failure: denied,
  },
  'teams.list': {
    async succeeds(world) {
      const { member, organizationId } = await fullTeam(world, 'teams-listed')
      return { as: member, input: { organizationId, userId: member.user.id, total: true } }
    },
    async fails(world) {
      const { organizationId } = await team(world, 'teams-hidden')
      return { as: await somebody(world, 'lists-teams'), input: { organizationId } }
    },
    failure: notFound,
  },
  'teams.addMember': {
    async succeeds(world) {
      const { boss, member, teamId } = await team(world, 'team-joined')
      return { as: boss, input: { teamId, userId: member.user.id } }
    },
    async fails(world) {
      const { member, teamId } = await team(world, 'team-closed')
      return { as: member, input: { teamId, userId: member.user.id } }
    },
    failure: denied,
  },
  'teams.removeMember': {
    async succeeds(world) {
      const { member, teamId } = await fullTeam(world, 'team-left')
      return { as: member, input: { teamId, userId: member.user.id } }
    },
    async fails(world) {
      const { boss, member, teamId } = await fullTeam(world, 'team-stayed')
      await boss.as.teams.addMember({ teamId, userId: boss.user.id })
      return { as: member, input: { teamId, userId: boss.user.id } }
    },
    failure: denied,
  },
  'teams.listMembers': {
    async succeeds(world) {
      const { member, teamId } = await fullTeam(world, 'team-shown')
      return { as: member, input: { teamId } }
    },
    fails: async (world) => ({ as: await somebody(world, 'looks-at-team'), input: { teamId: unknown } }),
    failure: notFound,
  },
} satisfies SomeExamples
