/** The results of CI: how they are counted, and what is printed about a failure. */
import { failuresOf, isNotMeasured, notMeasured, type Failure, type Report, type ReportedError } from './report.ts'

export interface Outcome {
  readonly step: string
  readonly passed: number
  readonly skipped: number
  /** One line for each. */
  readonly failures: readonly string[]
  readonly notMeasured: readonly string[]
  readonly unstable: readonly string[]
  /** Why they failed; the first matter most. */
  readonly details: readonly string[]
  /** What was printed, if that has to tell it; the last lines matter most. */
  readonly log: readonly string[]
}

export const linesShown = 120
const namesShown = 60

export interface Ended {
  readonly step: string
  readonly code: number
  /** What it printed. */
  readonly output: string
}

/** A step that counts as one check. It may print that something was not measured. */
export function outcomeOfCheck({ step, code, output }: Ended): Outcome {
  const lines = plain(output).trimEnd().split('\n')
  const left = lines.filter((line) => line.startsWith(notMeasured)).map((line) => `${step}: ${line.slice(notMeasured.length)}`)
  const failures = code === 0 ? [] : [`${step}: ended with ${code}`]
  const passed = code === 0 ? 1 : 0
  return { step, passed, skipped: 0, failures, notMeasured: left, unstable: [], details: [], log: code === 0 ? [] : lines }
}

export interface SuiteEnded extends Ended {
  /** After the second runs; null when there was none to read. */
  readonly report: Report | null
  /** Whether the first run had a failure, which explains how it ended. */
  readonly hadFailures: boolean
  readonly unstable: readonly string[]
  /** Files or folders that were asked for, from the root of the workspace. */
  readonly files: readonly string[]
}

/** A step that is a suite of tests: each of them counts. */
export function outcomeOfSuite({ step, code, output, report, hadFailures, unstable, files }: SuiteEnded): Outcome {
  const log = plain(output).trimEnd().split('\n')
  const nothing = { step, passed: 0, skipped: 0, notMeasured: [], unstable: [], details: [] }
  if (report === null) return { ...nothing, failures: [`${step}: ended with ${code} and told of no test`], log }
  const tests = report.files.flatMap(({ file, tests: all }) => all.map((test) => ({ file, test })))
  const unmeasured = tests.filter(({ test }) => isNotMeasured(test))
  const passed = tests.filter(({ test }) => test.state === 'passed').length
  const failures = failuresOf(report)
  const missing = files.filter((wanted) => !report.files.some(({ file }) => file.startsWith(wanted)))
  const otherwise = [
    ...missing.map((wanted) => `${step}: no test ran in ${wanted}`),
    ...(passed + failures.length + unmeasured.length === 0 ? [`${step}: no test ran`] : []),
    ...(code !== 0 && !hadFailures && failures.length === 0 ? [`${step}: ended with ${code}, though no test failed`] : []),
  ]
  return {
    step,
    passed,
    skipped: tests.filter(({ test }) => test.state === 'skipped').length - unmeasured.length,
    failures: [...failures.map(({ file, name }) => `${step}: ${file} > ${name}`), ...otherwise],
    notMeasured: unmeasured.map(({ file, test }) => `${file} > ${test.name}: ${test.note?.slice(notMeasured.length)}`),
    unstable,
    details: failures.flatMap(detailsOf),
    log: otherwise.length > 0 ? log : [],
  }
}

function detailsOf({ file, name, errors }: Failure): readonly string[] {
  return ['', `FAIL ${file} > ${name}`, ...errors.flatMap(linesOf)]
}

function linesOf({ name, message, diff, stack }: ReportedError): readonly string[] {
  const where = plain(stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !line.includes('node_modules'))
  const lines = [
    ...plain(`${name}: ${message}`).split('\n').slice(0, 20),
    ...plain(diff ?? '')
      .split('\n')
      .slice(0, 30),
    ...where.slice(0, 5),
  ]
  return lines.filter((line) => line !== '').map((line) => `  ${line}`)
}

/** What is printed when a step has ended: names of failures first, because only part of the output may be stored. */
export function linesOfStep({ step, passed, failures, details, log }: Outcome, seconds: number): readonly string[] {
  const state = failures.length === 0 ? 'ok    ' : 'FAILED'
  const line = `${state}  ${step.padEnd(44)} ${String(Math.round(seconds)).padStart(4)} s  ${passed} passed, ${failures.length} failed`
  if (failures.length === 0) return [line]
  const named = shortened(
    failures.map((failure) => `  ${failure}`),
    namesShown,
  )
  const why = [...named, ...details].slice(0, linesShown)
  return [line, ...why, ...log.slice(log.length - Math.min(log.length, linesShown - why.length))]
}

/** The end of what CI prints; its last line is `N passed, N failed`, and `, N skipped` where some were. */
export function closingLines(outcomes: readonly Outcome[]): readonly string[] {
  const sum = (count: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + count(outcome), 0)
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  const unmeasured = outcomes.flatMap((outcome) => outcome.notMeasured)
  const skipped = sum((outcome) => outcome.skipped)
  return [
    ...shortened(
      failures.map((failure) => `FAILED ${failure}`),
      namesShown,
    ),
    ...outcomes.flatMap(({ unstable }) => unstable).map((line) => `unstable: ${line}`),
    ...(unmeasured.length > 0 ? [`${unmeasured.length} not measured: ${unmeasured.join('; ')}`] : []),
    `${sum(({ passed }) => passed)} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ]
}

/** Only a run in which something passed and nothing failed is green. */
export function exitCode(outcomes: readonly Outcome[]): 0 | 1 {
  return outcomes.some(({ passed }) => passed > 0) && outcomes.every(({ failures }) => failures.length === 0) ? 0 : 1
}

function shortened(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `… and ${lines.length - most} more`]
}

function plain(text: string): string {
  return text.replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '')
}
