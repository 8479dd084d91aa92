import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Contest } from './contenders.ts'
import { costsOf, goalsOf, ratiosWithoutGoal, type Goal } from './goals.ts'
import type { Options } from './options.ts'
import type { Run, Runs } from './rounds.ts'
import { spreadOf, type Spread } from './statistics.ts'

/** Everything that a run found, and on what it ran. */
export interface Report {
  readonly at: string
  readonly commit: string
  readonly machine: string
  readonly database: string
  readonly placement: string
  /** Of the run's last minute, the bench's own share included (about 2). */
  readonly loadAverage: number
  readonly options: Options
  readonly starts: Contest['starts']
  readonly goals: readonly Goal[]
  readonly otherRatios: readonly { readonly name: string; readonly measured: Spread }[]
  readonly runs: Readonly<Record<string, readonly Run[]>>
}

interface Found {
  readonly options: Options
  readonly database: string
  readonly placement: string
  readonly starts: Contest['starts']
  readonly runs: Runs
}

export function reportOf({ options, database, placement, starts, runs }: Found): Report {
  const [processor] = cpus()
  return {
    at: new Date().toISOString(),
    commit: commit(),
    machine: `${cpus().length} × ${processor?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`,
    database,
    placement,
    loadAverage: loadavg()[0] ?? Number.NaN,
    options,
    starts,
    goals: goalsOf({ runs, starts }),
    otherRatios: [...ratiosWithoutGoal({ runs, starts }), ...costsOf({ runs, starts })],
    runs: Object.fromEntries(runs),
  }
}

/** Writes a report where git does not look, and gives the file. */
export async function save(report: Report): Promise<string> {
  const directory = join(import.meta.dirname, 'results')
  await mkdir(directory, { recursive: true })
  const file = join(directory, `${report.at.replaceAll(':', '-').slice(0, 19)}.json`)
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
  return file
}

/** A report for people, as Markdown. */
export function readable(report: Report): string {
  const { options, goals, otherRatios } = report
  const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`
  return [
    `${report.machine}; ${report.database}; ${report.placement}; load average ${report.loadAverage.toFixed(1)}; commit ${report.commit}.`,
    `${options.users} users, ${options.connections} connections, ${Object.values(report.runs)[0]?.length ?? 0} interleaved rounds of ${seconds(options.duration)}`,
    `(${seconds(options.shortDuration)} for bare node:http and creates with a password). Median (lowest – highest).`,
    '',
    ...table(
      ['', 'answers/s', 'p50 ms', 'p99 ms', 'MB', 'µs CPU', 'server', 'waited', 'load', 'waited', 'cache'],
      Object.entries(report.runs).map(contenderRow),
    ),
    '',
    ...table(['goal', 'limit', 'measured', ''], goals.map(goalRow)),
    ...disturbance(report),
    ...(otherRatios.length === 0 ? [] : ['', ...table(['without a goal', 'measured'], otherRatios.map(ratioRow))]),
  ].join('\n')
}

/** Above this part of the time without a core, rates and latencies say more about the machine than about the contender. */
const tolerated = 0.1

export function disturbance({ runs }: Pick<Report, 'runs'>): string[] {
  const waited = spreadOf(
    Object.values(runs).flatMap((own) => own.map(({ serverWaited, loadWaited }) => Math.max(serverWaited, loadWaited))),
  )
  if (waited.median <= tolerated) return []
  return ['', `The machine was busy with something else: server or load waited ${percent(waited)} of the time for a core. Measure again.`]
}

function contenderRow([name, runs]: [string, readonly Run[]]): string[] {
  const of = (value: (run: Run) => number): Spread => spreadOf(runs.map(value))
  return [
    name,
    text(
      of(({ rate }) => rate),
      0,
    ),
    of(({ p50 }) => p50).median.toFixed(2),
    text(
      of(({ p99 }) => p99),
      1,
    ),
    of(({ rss }) => rss / 1e6).maximum.toFixed(0),
    of(({ serverCost }) => serverCost).median.toFixed(0),
    percent(of(({ serverBusy }) => serverBusy)),
    percent(of(({ serverWaited }) => serverWaited)),
    percent(of(({ loadBusy }) => loadBusy)),
    percent(of(({ loadWaited }) => loadWaited)),
    runs.every(({ fromCache }) => fromCache === null) ? '' : percent(of(({ fromCache }) => fromCache ?? 0)),
  ]
}

function goalRow({ name, limit, unit, measured, met }: Goal): string[] {
  return [name, `${limit} ${unit}`, text(measured, 2), met ? 'pass' : 'MISS']
}

function ratioRow({ name, measured }: Report['otherRatios'][number]): string[] {
  return [name, `${text(measured, 2)} ×`]
}

export function text({ median, minimum, maximum }: Spread, digits: number): string {
  const middle = median.toFixed(digits)
  return minimum === maximum ? middle : `${middle} (${minimum.toFixed(digits)} – ${maximum.toFixed(digits)})`
}

function percent({ median }: Spread): string {
  return `${(median * 100).toFixed(0)} %`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)]
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
