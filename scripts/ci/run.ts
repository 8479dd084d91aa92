/** Runs a step, or a single file of it again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Guard } from './processes.ts'
import type { Report } from './report.ts'
import { overheardSuites, type Step } from './steps.ts'

const workspace = join(import.meta.dirname, '../..')

export interface Run {
  readonly code: number
  readonly seconds: number
  readonly output: string
  /** Of a suite; null when it wrote none. */
  readonly report: Report | null
}

export interface Place {
  /** For what the steps print and report. */
  readonly logs: string
  readonly overheard: string
  readonly guard: Guard
}

/** Runs the step until it ends. With a file, only that one of its suite. */
export async function runStep(step: Step, place: Place, file?: string): Promise<Run> {
  const path = join(place.logs, [step.name, ...(file === undefined ? [] : [file])].join(' ').replaceAll(/[^a-z0-9]+/gi, '-'))
  const [log, report] = [`${path}.log`, `${path}.json`]
  const startedAt = performance.now()
  const code = await exitCodeOf(step, { log, report, file }, place.guard)
  const seconds = (performance.now() - startedAt) / 1000
  if (overheardSuites.includes(step.name)) copyFileSync(log, join(place.overheard, `suite-${path.slice(place.logs.length + 1)}.log`))
  return { code, seconds, output: readFileSync(log, 'utf8'), report: readReport(report) }
}

async function exitCodeOf(step: Step, paths: { log: string; report: string; file: string | undefined }, guard: Guard): Promise<number> {
  const [program, ...parameters] = commandOf(step, paths.file)
  const output = openSync(paths.log, 'w')
  const child = spawn(program, parameters, {
    cwd: workspace,
    env: { ...process.env, CI: 'true', FORCE_COLOR: '0', CI_REPORT: paths.report, ...step.environment }, // Denizen refuses a DENIZEN_… that it does not know
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const ended = once(child, 'exit')
  guard.started(child)
  const [code] = (await ended) as [number | null]
  guard.ended(child)
  return code ?? 1
}

function commandOf({ command, suite }: Step, file?: string): readonly [string, ...string[]] {
  if (suite === undefined) return command
  const files = file === undefined ? (suite.files ?? []) : [file]
  return [
    ...command,
    '--reporter=default',
    `--reporter=${join(import.meta.dirname, 'reporter.ts')}`,
    ...(suite.named === undefined ? [] : ['-t', suite.named]),
    ...files.map((name) => join(workspace, name)),
  ]
}

function readReport(path: string): Report | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null
}
