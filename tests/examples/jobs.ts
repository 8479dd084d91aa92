import { newId, systemClock, uuidOf, type Id } from '@denizen/core'
import { somebody, type FaceWorld, type SomeExamples } from './example.ts'

/** A run of a job that no process knows: it waits until it is cancelled. */
async function waitingRun({ database }: FaceWorld): Promise<Id<'run'>> {
  const id = newId('run', systemClock.now(), crypto.getRandomValues(new Uint8Array(10)))
  await database.rows(`insert into job_runs (id, job, state, created_at) values (?::uuid, ?, 'queued', now()) returning 1`, [
    uuidOf(id),
    `examples.${id}`,
  ])
  return id
}

const denied = { code: 'request.denied', kind: 'denied' } as const
const notFound = { code: 'request.notFound', kind: 'notFound' } as const
const unknown = async ({ admin }: FaceWorld) => ({ as: admin, input: { job: 'nothing.here' } })
const job = 'jobs.deleteOldRuns'

export const jobsExamples = {
  'jobs.list': {
    succeeds: async ({ admin }) => ({ as: admin, input: {} }),
    fails: async (world) => ({ as: await somebody(world, 'lists-jobs'), input: {} }),
    failure: denied,
  },
  'jobs.get': { succeeds: async ({ admin }) => ({ as: admin, input: { job } }), fails: unknown, failure: notFound },
  'jobs.preview': { succeeds: async ({ admin }) => ({ as: admin, input: { job } }), fails: unknown, failure: notFound },
  'jobs.run': {
    async succeeds({ admin, database }) {
      await database.rows(`update job_runs set state = 'cancelled', ended_at = now() where job = ? and ended_at is null returning 1`, [job])
      return { as: admin, input: { job } }
    },
    fails: async (world) => ({ as: await somebody(world, 'runs-jobs'), input: { job } }),
    failure: denied,
  },
  'jobs.cancel': {
    succeeds: async (world) => ({ as: world.admin, input: { runId: await waitingRun(world) } }),
    async fails(world) {
      const runId = await waitingRun(world)
      await world.database.people.asSystem().jobs.cancel({ runId })
      return { as: world.admin, input: { runId } }
    },
    failure: { code: 'jobs.runOver', kind: 'conflict' },
  },
  'jobs.history': {
    async succeeds(world) {
      await waitingRun(world)
      return { as: world.admin, input: { state: 'queued', limit: 1 } }
    },
    fails: async ({ admin }) => ({ as: admin, input: { cursor: 'forged' } }),
    failure: { code: 'request.invalid', kind: 'invalid' },
  },
} satisfies SomeExamples
