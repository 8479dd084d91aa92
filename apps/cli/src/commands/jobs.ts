import { setTimeout as sleep } from 'node:timers/promises'
import { counted, shellWord, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { denizen, formatOf, sentWith } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { inLine, printAnswer, record } from '../output.ts'
import { table } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { waiting } from '../progress.ts'

const { jobs: actions } = signatures

type Job = OutputOf<typeof actions.get>
type Run = OutputOf<typeof actions.cancel>

/** What servers do by themselves, again and again. */
export function addJobs(program: Command): void {
  const jobs = program.command('jobs').description('See what servers do by themselves, when, and what came of it; run it now')
  addLooking(jobs)
  addRunning(jobs)
}

function addLooking(jobs: Command): void {
  addAction(jobs, {
    signature: actions.list,
    show: ({ jobs: all }) =>
      table(all, [
        { title: 'JOB', whole: true, value: ({ name }) => name },
        { title: 'RUNS', value: ({ schedule }) => schedule },
        { title: 'NEXT', value: ({ nextAt }) => nextAt },
        { title: 'LAST', value: ({ last }) => last?.endedAt ?? 'never' },
        { title: 'STATE', value: ({ open, last }) => open?.state ?? last?.state ?? '' },
      ]),
    examples: ['jobs list', 'jobs list --json'],
  })
  addAction(jobs, {
    signature: actions.get,
    arguments: ['job'],
    show: jobText,
    examples: ['jobs get auth.deleteExpired'],
  })
  addAction(jobs, {
    signature: actions.preview,
    arguments: ['job'],
    show: ({ deletes }) => (deletes === null ? 'This job deletes nothing.' : `It would delete now: ${countsText(deletes)}.`),
    examples: ['jobs preview auth.deleteExpired'],
  })
  addPaged(jobs, {
    signature: actions.history,
    things: 'runs',
    columns: [
      { title: 'JOB', whole: true, value: ({ job }) => job },
      { title: 'STARTED', value: ({ startedAt, createdAt }) => startedAt ?? createdAt },
      { title: 'TOOK', value: took },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'DID', value: ({ state, did, error }) => (state === 'succeeded' ? countsText(did) : (error ?? countsText(did))) },
      { title: 'BY', value: ({ requestedBy }) => requestedBy?.username ?? '' },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['jobs history', 'jobs history --job auth.deleteExpired', 'jobs history --state failed --all --json'],
  })
}

function addRunning(jobs: Command): void {
  addAction(jobs, {
    signature: actions.run,
    arguments: ['job'],
    extend: (command) => void command.option('--wait', 'wait until it is over'),
    async alsoPlanned({ calls }, { job }) {
      const { deletes } = await calls.jobs.preview({ job: String(job) })
      return deletes === null ? [] : [`The job would delete now: ${countsText(deletes)}.`]
    },
    async answer(connection, input, options) {
      if (options['wait'] === true && connection.url === null)
        throw usageError(
          'Jobs are done by a server, and there is none here to wait for.',
          'Leave out --wait, or name the server with --url.',
        )
      const { run, isNew } = await connection.calls.jobs.run({ job: String(input['job']) }, sentWith(options))
      const waits = options['wait'] === true
      const answer = { run: waits ? await ended(connection, run) : run, isNew }
      printAnswer(formatOf(options), answer, (shown) => (waits ? runText(shown.run) : `${runText(shown.run)}\n${whatNext(shown)}`))
    },
    show: ({ run }) => runText(run),
    examples: ['jobs run auth.deleteExpired --dry-run', 'jobs run auth.deleteExpired --wait'],
  })
  addAction(jobs, {
    signature: actions.cancel,
    arguments: ['runId'],
    show: ({ state }) =>
      state === 'cancelled'
        ? 'The run is cancelled.'
        : 'The run ends after its next step, if it has one. What it has done until then stays done.',
    examples: ['jobs cancel run_01k4…'],
  })
}

function whatNext({ run: { job, isCancelled }, isNew }: OutputOf<typeof actions.run>): string {
  const now = isCancelled
    ? 'This run was cancelled, and ends after its next step. Ask for another one then.'
    : isNew
      ? 'The run waits for a server, which begins it within a second if one is there.'
      : 'A run of this job waits or is going on already.'
  return `${now}\nSee what came of it: ${denizen} jobs get ${shellWord(job)}`
}

/** Milliseconds between two looks at a run that is waited for. */
const look = 500

async function ended({ calls }: Connection, run: Run): Promise<Run> {
  const shown = waiting(inLine(`waiting for ${run.job}`))
  let over: Run | null = null
  try {
    for (;;) {
      over = await overIn(calls, run)
      if (over !== null) return over
      await sleep(look)
    }
  } finally {
    shown.end(inLine(`${run.job}: ${over?.state ?? 'unknown'}`))
  }
}

/** The run, if it is over. */
async function overIn(calls: Connection['calls'], { id, job }: Run): Promise<Run | null> {
  const { open, last } = await calls.jobs.get({ job })
  if (last?.id === id) return last
  return open?.id === id ? null : earlier(calls, { id, job })
}

/** A run after which another one has ended already. */
async function earlier(calls: Connection['calls'], { id, job }: Pick<Run, 'id' | 'job'>): Promise<Run> {
  const { items } = await calls.jobs.history({ job, limit: 100 })
  const found = items.find((run) => run.id === id && run.endedAt !== null)
  if (found !== undefined) return found
  throw usageError('The run is not among the last hundred of its job any more.', `Look further back: ${denizen} jobs history --all`)
}

function jobText({ name, summary, schedule, deletes, nextAt, open, last }: Job): string {
  return [
    record([
      ['job', name],
      ['what', summary],
      ['runs', schedule],
      ['next', nextAt],
      ['deletes', deletes ? `rows; how many: ${denizen} jobs preview ${shellWord(name)}` : 'nothing'],
    ]),
    ...(open === null ? [] : [`\nWaits or is going on:\n${runText(open)}`]),
    last === null ? '\nIt has not run yet.' : `\nThe last run:\n${runText(last)}`,
  ].join('\n')
}

function runText(run: Run): string {
  return record([
    ['run', run.id],
    ['state', run.state],
    ['due', run.scheduledFor],
    ['by', run.requestedBy?.username],
    ['started', run.startedAt],
    ['ended', run.endedAt],
    ['attempts', run.attempts],
    ['did', run.startedAt === null ? null : countsText(run.did)],
    ['error', run.error],
  ])
}

function took({ startedAt, endedAt }: Run): string {
  if (startedAt === null || endedAt === null) return ''
  const milliseconds = endedAt.getTime() - startedAt.getTime()
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

/** `12 verifications, 3 tokens`; what it counted as none is left out. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const words = (name: string) => name.replaceAll('_', ' ').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  const some = Object.entries(counts).filter(([, count]) => count > 0)
  return some.map(([name, count]) => counted(count, words(name).replace(/s$/, ''), words(name))).join(', ') || 'nothing'
}
