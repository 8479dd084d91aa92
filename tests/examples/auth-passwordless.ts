import { queuedJobs } from '@denizen/core/testing'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

const password = 'another correct horse battery'
const unusable = 'dnz_verify_01j0000000e008000000000001_0000'
const addressOf = (name: string): string => `${name}@example.com`

/** Delivers what is queued, as a worker would. */
async function deliver({ database }: FaceWorld): Promise<void> {
  const jobs = await queuedJobs(database.core.orm.em.fork() as SqlEntityManager, { take: true })
  for (const job of jobs) await database.core.work(job.name, job.payload)
}

/** The link of a sign-up, and the other half of it. */
async function signedUp(world: FaceWorld, name: string) {
  const email = addressOf(name)
  const { binding } = await world.database.people.asAnonymous().auth.signUp({ email, password })
  await deliver(world)
  return { binding, token: world.database.mailer.tokenFor(email) }
}

/** Somebody who has proved their address. */
async function known(world: FaceWorld, name: string): Promise<string> {
  const email = addressOf(name)
  await world.database.people.newUser({ username: name, email, emailVerified: true })
  return email
}

async function linked(world: FaceWorld, name: string) {
  const email = await known(world, name)
  const { binding } = await world.database.people.asAnonymous().auth.requestMagicLink({ email })
  await deliver(world)
  return { binding, token: world.database.mailer.tokenFor(email) }
}

async function coded(world: FaceWorld, name: string) {
  const email = await known(world, name)
  const { people, mailer } = world.database
  const { binding } = await people.asAnonymous().auth.requestEmailCode({ email })
  await deliver(world)
  const code = /^\d{4} \d{4}$/m.exec(mailer.sent.findLast(({ to }) => to === email)?.text ?? '')?.[0]
  if (code === undefined) throw new Error(`no code was mailed to ${email}`)
  return { binding, code }
}

const broken = { code: 'request.invalid', kind: 'invalid' } as const
const noLink = { code: 'auth.linkInvalid', kind: 'notFound' } as const

export const authPasswordlessExamples = {
  'auth.signUp': {
    succeeds: async () => ({ as: null, input: { email: 'Signs-Up@Example.com', password, username: 'signs-up', fullName: 'Signs Up' } }),
    fails: async () => ({ as: null, input: { email: 'no address', password } }),
    failure: broken,
  },
  'auth.requestEmailVerification': {
    succeeds: async (world) => ({ as: await somebody(world, 'will-confirm'), input: {} }),
    async fails(world) {
      const as = await somebody(world, 'has-confirmed')
      await world.database.rows(`update users set email_verified = true where username = 'has-confirmed'`)
      return { as, input: {} }
    },
    failure: { code: 'auth.alreadyVerified', kind: 'conflict' },
  },
  'auth.viewVerification': {
    succeeds: async (world) => ({ as: null, input: { token: (await signedUp(world, 'looks-at-link')).token } }),
    fails: async () => ({ as: null, input: { token: unusable } }),
    failure: noLink,
  },
  'auth.verifyEmail': {
    succeeds: async (world) => ({ as: null, input: await signedUp(world, 'has-signed-up') }),
    fails: async () => ({ as: null, input: { token: unusable, password } }),
    failure: noLink,
  },
  'auth.requestMagicLink': {
    succeeds: async (world) => ({ as: null, input: { email: await known(world, 'wants-a-link') } }),
    fails: async () => ({ as: null, input: { email: addressOf('goes-astray'), redirectTo: 'https://evil.example/' } }),
    failure: { code: 'auth.redirectNotAllowed', kind: 'invalid' },
  },
  'auth.signInWithMagicLink': {
    succeeds: async (world) => ({ as: null, input: await linked(world, 'has-a-link') }),
    async fails(world) {
      const { token } = await linked(world, 'is-elsewhere')
      return { as: null, input: { token, binding: unusable } }
    },
    failure: { ...noLink, counted: true },
  },
  'auth.requestEmailCode': {
    succeeds: async (world) => ({ as: null, input: { email: await known(world, 'wants-a-code') } }),
    fails: async () => ({ as: null, input: {} }),
    failure: broken,
  },
  'auth.signInWithEmailCode': {
    succeeds: async (world) => ({ as: null, input: await coded(world, 'is-mailed-a-code') }),
    async fails(world) {
      const { binding, code } = await coded(world, 'mistypes-a-mailed-code')
      return { as: null, input: { binding, code: code === '0000 0000' ? '1111 1111' : '0000 0000' } }
    },
    failure: { code: 'auth.codeInvalid', kind: 'unauthenticated', counted: true },
  },
} satisfies SomeExamples
