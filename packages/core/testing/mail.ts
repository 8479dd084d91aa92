import { checkHeaders, type JobQueue, type Mail, type Mailer } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'

/** A mailer that only remembers. */
export class TestMailer implements Mailer {
  isConfigured = true
  readonly sent: Mail[] = []

  async send(mail: Mail): Promise<void> {
    checkHeaders(mail)
    this.sent.push(mail)
  }

  /** The link in the last mail to an address. */
  linkTo(address: string): string {
    const mail = this.sent.findLast(({ to }) => to === address)
    const link = /^https?:\/\/\S+$/m.exec(mail?.text ?? '')?.[0]
    if (link === undefined) throw new Error(`no mail with a link was sent to ${address}`)
    return link
  }

  /** The token in the last link to an address. */
  tokenFor(address: string): string {
    return new URL(this.linkTo(address)).searchParams.get('token') ?? ''
  }
}

/** A table beside Denizen's own, in the databases that tests copy: queued jobs wait there until a test does them. */
export const jobTable = [
  'create schema testing',
  'create table testing.jobs (id bigint generated always as identity primary key, name text not null, payload jsonb not null)',
]

/** Queues into that table, in the transaction that asks. */
export const testJobs: JobQueue = {
  async enqueue(em, jobs) {
    for (const { name, payload } of jobs)
      await em.execute('insert into testing.jobs (name, payload) values (?, ?::jsonb)', [name, JSON.stringify(payload)], 'run')
  },
  async forget(em, pattern) {
    return (await em.execute<unknown[]>('delete from testing.jobs where payload::text ~* ? returning 1', [pattern])).length
  },
}

export interface QueuedJob {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** What is queued, in the order in which it was; `take` also takes it out. */
export async function queuedJobs(em: SqlEntityManager, { take }: { take: boolean }): Promise<QueuedJob[]> {
  const rows = await em.execute<{ id: string; name: string; payload: string }[]>(
    take
      ? 'delete from testing.jobs returning id::text, name, payload::text as payload'
      : 'select id::text, name, payload::text as payload from testing.jobs',
  )
  return rows
    .toSorted((left, right) => Number(left.id) - Number(right.id))
    .map(({ name, payload }) => ({ name, payload: JSON.parse(payload) as QueuedJob['payload'] }))
}
