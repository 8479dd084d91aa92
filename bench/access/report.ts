import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { growthOf, mediansOf, ratesOf } from '../growth.ts'
import type { Measured } from '../load.ts'
import { ratioOf, spreadOf, type Spread } from '../statistics.ts'
import type { Work } from './work.ts'

/** What the runs of one kind of work found: on the whole policy, on a tenth of it, and better-auth's. */
export interface Found {
  readonly work: Work
  readonly large: Measured[]
  readonly small: Measured[]
  readonly theirs: Measured[]
}

/** Decisions a second, and milliseconds for a document. */
interface Own {
  readonly engine: number
  readonly atOnce: number
  readonly calls: number
  readonly plan: number
  readonly apply: number
  readonly again: number
}

export interface InProcess {
  readonly large: Own
  readonly small: Own
  readonly theirs: { readonly rate: number }
}

interface Results {
  readonly found: readonly Found[]
  readonly inProcess: InProcess
  readonly scale: number
  readonly database: string
  readonly seconds: number
}

/** As PERFORMANCE.md says of constant-time work: ten times the data, at most three times the time. */
const mostGrowth = 3
/** Decisions a second in process. */
const leastDecisions = 500_000

/** Shows the report, keeps every run in a file, and gives the goals that were missed. */
export async function report(results: Results): Promise<readonly string[]> {
  const { found, inProcess, scale, database } = results
  const missed = [...found.flatMap(missesOf), ...missesInProcess(inProcess)]
  const head = ['', 'answers/s', 'p50 ms', 'p99 ms', 'p50 of a tenth', 'growth', 'better-auth/s', 'ratio']
  const verdict = missed.length === 0 ? 'Every goal is met.' : `Missed:\n${missed.map((line) => `- ${line}`).join('\n')}`
  const file = await keep(results)
  const lines = [
    ...table(head, found.map(rowOf)),
    '',
    ...table(['in process', `scale ${scale}`, `scale ${scale / 10}`, 'growth', 'better-auth'], rowsInProcess(inProcess)),
  ]
  console.log(`\nScale ${scale}, ${database}. Median (lowest–highest).\n\n${lines.join('\n')}\n\n${verdict}\n\nEvery run is in ${file}`)
  return missed
}

async function keep({ found, ...rest }: Results): Promise<string> {
  const directory = join(import.meta.dirname, '..', 'results')
  await mkdir(directory, { recursive: true })
  const file = join(directory, `access-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`)
  const runs = found.map(({ work, ...own }) => ({ name: work.name, ...own }))
  await writeFile(file, `${JSON.stringify({ ...rest, runs }, null, 2)}\n`)
  return file
}

function missesOf({ work, large, small, theirs }: Found): readonly string[] {
  const growth = growthOf(large, small)
  const ratio = theirs.length === 0 ? null : ratioOf(ratesOf(large), ratesOf(theirs))
  return [
    ...(growth.median > mostGrowth ? [`${work.name}: ${shown(growth)} × the time at ten times the data, at most ${mostGrowth} ×`] : []),
    ...(work.ratio !== undefined && ratio !== null && ratio.median < work.ratio
      ? [`${work.name}: ${shown(ratio)} × better-auth, at least ${work.ratio} ×`]
      : []),
  ]
}

function missesInProcess({ large }: InProcess): readonly string[] {
  return large.engine < leastDecisions ? [`${large.engine.toFixed(0)} decisions/s in process, at least ${leastDecisions}`] : []
}

function rowOf({ work, large, small, theirs }: Found): readonly string[] {
  const compared =
    theirs.length === 0 ? ['-', '-'] : [shown(spreadOf(ratesOf(theirs))), `${shown(ratioOf(ratesOf(large), ratesOf(theirs)))} ×`]
  return [
    work.name,
    shown(spreadOf(ratesOf(large))),
    shown(mediansOf(large)),
    shown(spreadOf(large.map((run) => run.p99))),
    shown(mediansOf(small)),
    `${shown(growthOf(large, small))} ×`,
    ...compared,
  ]
}

function rowsInProcess({ large, small, theirs }: InProcess): readonly (readonly string[])[] {
  const row = (name: string, key: keyof Own, ofTheirs = '-') => [
    name,
    large[key].toFixed(0),
    small[key].toFixed(0),
    `${(large[key] / small[key]).toFixed(2)} ×`,
    ofTheirs,
  ]
  return [
    row('decisions of the engine, /s', 'engine'),
    row(
      'access.check from memory, without waiting, /s',
      'atOnce',
      `${theirs.rate.toFixed(0)} (${(large.atOnce / theirs.rate).toFixed(0)} ×)`,
    ),
    row('access.check through the whole pipeline, /s', 'calls', `${theirs.rate.toFixed(0)} (${(large.calls / theirs.rate).toFixed(0)} ×)`),
    row('plan of 200 roles and 1 000 assignments, ms', 'plan'),
    row('apply, ms', 'apply'),
    row('apply again, nothing to change, ms', 'again'),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`)
}

function shown({ median, minimum, maximum }: Spread): string {
  const digits = median < 10 ? 2 : 0
  const middle = median.toFixed(digits)
  return minimum === maximum ? middle : `${middle} (${minimum.toFixed(digits)}–${maximum.toFixed(digits)})`
}
