import { password, queuedJobs } from '@denizen/core/testing'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

const chosen = 'wheelbarrow antlers soup'

/** A link for somebody who forgot their password. */
async function forgotten(world: FaceWorld, username: string) {
  const { core, mailer, people } = world.database
  const email = `${username}@example.com`
  await people.newUser({ username, email, emailVerified: true })
  await people.asAnonymous().auth.requestPasswordReset({ email })
  const jobs = await queuedJobs(core.orm.em.fork() as SqlEntityManager, { take: true })
  for (const job of jobs) await core.work(job.name, job.payload)
  return mailer.tokenFor(email)
}

export const authPasswordExamples = {
  'auth.changePassword': {
    succeeds: async (world) => ({ as: await somebody(world, 'changes-a-password'), input: { oldPassword: password, newPassword: chosen } }),
    fails: async () => ({ as: null, input: { oldPassword: password, newPassword: chosen } }),
    failure: { code: 'request.unauthenticated', kind: 'unauthenticated' },
  },
  'auth.requestPasswordReset': {
    async succeeds(world) {
      const { user } = await somebody(world, 'forgot-a-password')
      return { as: null, input: { email: user.email } }
    },
    fails: async () => ({ as: null, input: { email: 'no address' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
  'auth.resetPassword': {
    succeeds: async (world) => ({ as: null, input: { token: await forgotten(world, 'resets-a-password'), password: chosen } }),
    fails: async () => ({ as: null, input: { token: 'none', password: chosen } }),
    failure: { code: 'auth.linkInvalid', kind: 'notFound' },
  },
  'auth.sendSetupLink': {
    async succeeds(world) {
      const { user } = await somebody(world, 'is-sent-a-link')
      return { as: world.admin, input: { userId: user.id } }
    },
    async fails(world) {
      const as = await somebody(world, 'sends-a-link')
      return { as, input: { userId: as.user.id } }
    },
    failure: { code: 'request.denied', kind: 'denied' },
  },
} satisfies SomeExamples
