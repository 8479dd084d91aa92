import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { growthOf, mediansOf, ratesOf } from '../growth.ts'
import type { Measured } from '../load.ts'
import { ratioOf, spreadOf, type Spread } from '../statistics.ts'
import type { Work } from './work.ts'

/** What one run found, with the milliseconds of processor time that the server spent on an answer. */
export interface Run extends Measured {
  readonly cpu: number
}

/** What the runs of one kind of work found: on many users, on a tenth of them, and better-auth's on as many. */
export interface Found {
  readonly work: Work
  readonly large: Run[]
  readonly small: Run[]
  readonly theirs: Run[]
}

/** As PERFORMANCE.md says of constant-time work: ten times the users, at most three times the time. */
const mostGrowth = 3

/** Shows the report, keeps every run in a file, and gives the goals that were missed. */
export async function report(all: readonly Found[], users: number, database: string): Promise<readonly string[]> {
  const missed = all.flatMap(missesOf)
  const head = [
    '',
    'answers/s',
    'p50 ms',
    'p99 ms',
    'ms CPU',
    `p50 at ${users / 10}`,
    'growth',
    'better-auth/s',
    'its p50 ms',
    'its CPU',
    'ratio',
  ]
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...all.map(rowOf)].map((row) => `| ${row.join(' | ')} |`)
  const verdict = missed.length === 0 ? 'Every goal is met.' : `Missed:\n${missed.map((line) => `- ${line}`).join('\n')}`
  const directory = join(import.meta.dirname, '..', 'results')
  await mkdir(directory, { recursive: true })
  const file = join(directory, `directory-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`)
  const runs = all.map(({ work, ...rest }) => ({ name: work.name, ...rest }))
  await writeFile(file, `${JSON.stringify({ users, database, runs }, null, 2)}\n`)
  console.log(`\n${users} users, ${database}. Median (lowest–highest).\n\n${lines.join('\n')}\n\n${verdict}\n\nEvery run is in ${file}`)
  return missed
}

function missesOf({ work, large, small, theirs }: Found): readonly string[] {
  const growth = growthOf(large, small)
  const ratio = theirs.length === 0 ? null : ratioOf(ratesOf(large), ratesOf(theirs))
  const p99 = spreadOf(large.map((run) => run.p99))
  return [
    ...(growth.median > mostGrowth ? [`${work.name}: ${shown(growth)} × the time at ten times the users, at most ${mostGrowth} ×`] : []),
    ...(work.ratio !== undefined && ratio !== null && ratio.median < work.ratio
      ? [`${work.name}: ${shown(ratio)} × better-auth, at least ${work.ratio} ×`]
      : []),
    ...(work.p99 !== undefined && p99.median > work.p99 ? [`${work.name}: p99 ${shown(p99)} ms, at most ${work.p99} ms`] : []),
  ]
}

function rowOf({ work, large, small, theirs }: Found): readonly string[] {
  const compared =
    theirs.length === 0
      ? ['-', '-', '-', '-']
      : [
          shown(spreadOf(ratesOf(theirs))),
          shown(mediansOf(theirs)),
          shown(cpuOf(theirs)),
          `${shown(ratioOf(ratesOf(large), ratesOf(theirs)))} ×`,
        ]
  return [
    work.name,
    shown(spreadOf(ratesOf(large))),
    shown(mediansOf(large)),
    shown(spreadOf(large.map((run) => run.p99))),
    shown(cpuOf(large)),
    shown(mediansOf(small)),
    `${shown(growthOf(large, small))} ×`,
    ...compared,
  ]
}

function cpuOf(runs: readonly Run[]): Spread {
  return spreadOf(runs.map(({ cpu }) => cpu))
}

function shown({ median, minimum, maximum }: Spread): string {
  const digits = median < 10 ? 2 : 0
  return `${median.toFixed(digits)} (${minimum.toFixed(digits)}–${maximum.toFixed(digits)})`
}
