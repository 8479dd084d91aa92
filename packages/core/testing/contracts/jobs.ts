import type { JobQueue } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { describe, expect, test } from 'vitest'

/** A queue on a database, and a look into it. */
export interface JobQueueFixture {
  readonly jobs: JobQueue
  em(): SqlEntityManager
  /** The payloads of the jobs of this name that are queued, in any order. */
  queued(name: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** What every JobQueue does. `name` is a job that the fixture's queue knows. */
export function jobQueueContract(title: string, name: string, make: () => JobQueueFixture | Promise<JobQueueFixture>): void {
  describe(`JobQueue: ${title}`, () => {
    test('queues with the transaction that asks, and only when it commits', async () => {
      const { jobs, em, queued } = await make()
      const committed = em()
      await committed.begin()
      await jobs.enqueue(committed, [
        { name, payload: { mark: 'kept', nested: { list: [1, null] } } },
        { name, payload: { mark: 'also' } },
      ])
      expect(marks(await queued(name))).not.toContain('kept')
      await committed.commit()
      const undone = em()
      await undone.begin()
      await jobs.enqueue(undone, [{ name, payload: { mark: 'undone' } }])
      await undone.rollback()
      const payloads = await queued(name)
      expect(['kept', 'also', 'undone'].filter((mark) => marks(payloads).includes(mark))).toEqual(['kept', 'also'])
      expect(payloads).toContainEqual({ mark: 'kept', nested: { list: [1, null] } })
    })

    test('a job that cannot be queued takes its transaction down', async () => {
      const { jobs, em, queued } = await make()
      const manager = em()
      await manager.begin()
      await jobs.enqueue(manager, [{ name, payload: { mark: 'first' } }])
      await expect(manager.execute('select 1/0')).rejects.toThrow('division by zero')
      await manager.rollback()
      expect(marks(await queued(name))).not.toContain('first')
    })
  })
}

function marks(payloads: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  return payloads.map(({ mark }) => mark)
}
