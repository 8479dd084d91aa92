/**
 * Runs all steps of CI, in parallel where cores are free: `.ci/run`, after `npm ci`. Prints `N passed, N failed` at the
 * end, and exits non-zero on any failure. A step counts as one check; a suite counts each of its tests.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingOnDeno } from './compare.ts'
import { closingLines, exitCode, linesOfStep, outcomeOfCheck, outcomeOfSuite, type Outcome } from './outcome.ts'
import { startGuard } from './processes.ts'
import { failuresOf, lateFiles, withSecondRuns, type Report, type Second } from './report.ts'
import { runStep, type Place, type Run } from './run.ts'
import { faultsOf, startable } from './schedule.ts'
import { onDeno, onNode, stepsOfCi, type Step } from './steps.ts'

/** A limit for steps that hang; even on a busy machine everything takes less. */
const longestMinutes = 84

const folder = mkdtempSync(join(tmpdir(), 'denizen-ci-'))
const place: Place = { logs: mkdtempSync(join(folder, 'logs-')), overheard: mkdtempSync(join(folder, 'overheard-')), guard: startGuard() }
const only = process.argv.slice(2)
const steps = stepsOfCi(place).filter(({ name }) => only.length === 0 || only.includes(name))
const startedAt = performance.now()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1)) // the guard ends the steps
const reports = new Map<string, Report>()
const outcomes: Outcome[] = []
const timer = setTimeout(giveUp, longestMinutes * 60_000)

const runs = await runAll()
for (const step of steps) if (lateIn(step).length > 0) await runAgain(step)
if (only.length === 0) tell(comparison(), 0)
clearTimeout(timer)
place.guard.dismiss()
finish()

/** Runs all steps. Files that failed only by deadlines are run again before they are reported. */
async function runAll(): Promise<ReadonlyMap<string, Run>> {
  const faults = faultsOf(stepsOfCi(place))
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const ended = new Map<string, Run>()
  const running = new Map<string, Promise<void>>()
  const missing = stepsOfCi(place).filter((step) => !steps.some(({ name }) => name === step.name))
  while (ended.size < steps.length) {
    const over = [...ended.keys(), ...missing.map(({ name }) => name)]
    for (const step of startable(steps, { running: [...running.keys()], ended: over }, availableParallelism())) {
      const work = runStep(step, place).then((run) => {
        running.delete(step.name)
        ended.set(step.name, run)
        afterFirstRun(step, run)
      })
      running.set(step.name, work)
    }
    await Promise.race(running.values())
  }
  return ended
}

function afterFirstRun(step: Step, run: Run): void {
  if (run.report !== null) reports.set(step.name, run.report)
  const late = lateIn(step)
  if (late.length === 0) tell(outcomeOf(step, run, []), run.seconds)
  else print(`late    ${step.name}: once more, alone, at the end: ${late.join(', ')}`)
}

function lateIn(step: Step): readonly string[] {
  const report = reports.get(step.name)
  return report === undefined ? [] : lateFiles(report)
}

async function runAgain(step: Step): Promise<void> {
  const run = runs.get(step.name)
  const first = reports.get(step.name)
  if (run === undefined || first === undefined) throw new Error(`${step.name} has not run.`)
  const seconds: Second[] = []
  let took = run.seconds
  for (const file of lateFiles(first)) {
    const second = await runStep(step, place, file)
    seconds.push({ file, code: second.code, report: second.report })
    took += second.seconds
  }
  const { report, unstable } = withSecondRuns(first, seconds)
  reports.set(step.name, report)
  tell(outcomeOf(step, run, unstable), took)
}

function outcomeOf(step: Step, { code, output, report: first }: Run, unstable: readonly string[]): Outcome {
  if (step.suite === undefined) return outcomeOfCheck({ step: step.name, code, output })
  const report = reports.get(step.name) ?? null
  const hadFailures = first !== null && failuresOf(first).length > 0
  return outcomeOfSuite({ step: step.name, code, output, report, hadFailures, unstable, files: step.suite.files ?? [] })
}

function comparison(): Outcome {
  const node = reports.get(onNode)
  const deno = onDeno.flatMap((name) => reports.get(name) ?? [])
  const step = 'deno ran every test that node ran'
  const missing = node === undefined ? ['(npm test told of no test)'] : missingOnDeno(node, deno)
  const failures = missing.length === 0 ? [] : [`${step}: ${missing.length} did not run`]
  return { step, passed: 1 - failures.length, skipped: 0, failures, notMeasured: [], unstable: [], details: missing, log: [] }
}

function tell(outcome: Outcome, seconds: number): void {
  outcomes.push(outcome)
  print(...linesOfStep(outcome, seconds))
}

function giveUp(): void {
  const over = new Set(outcomes.map(({ step }) => step))
  const failures = steps.filter(({ name }) => !over.has(name)).map(({ name }) => `${name}: not over after ${longestMinutes} minutes`)
  tell({ step: 'time', passed: 0, skipped: 0, failures, notMeasured: [], unstable: [], details: [], log: [] }, longestMinutes * 60)
  finish()
}

function finish(): never {
  print(`${Math.round((performance.now() - startedAt) / 1000)} s in all`, ...closingLines(outcomes))
  if (exitCode(outcomes) === 0) rmSync(folder, { recursive: true, force: true })
  process.exit(exitCode(outcomes))
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
