/** The report of a run of vitest, as reporter.ts writes it, and what follows from it. */

export interface ReportedError {
  readonly name: string
  readonly message: string
  readonly diff?: string | undefined
  readonly stack?: string | undefined
}

export interface TestReport {
  /** With the names of the suites around it, as `-t` matches it. */
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Why it skipped itself. */
  readonly note?: string | undefined
  readonly errors: readonly ReportedError[]
}

export interface FileReport {
  /** From the root of the workspace. */
  readonly file: string
  /** Whether its tests could be found at all. */
  readonly collected: boolean
  readonly tests: readonly TestReport[]
  /** What hooks threw, by the suite they stand in (the file itself: ''). */
  readonly suites: readonly { readonly name: string; readonly errors: readonly ReportedError[] }[]
}

export interface Report {
  readonly files: readonly FileReport[]
  /** Errors that belong to no test. */
  readonly unhandled: readonly ReportedError[]
}

export interface Failure {
  readonly file: string
  readonly name: string
  readonly errors: readonly ReportedError[]
}

export const notMeasured = 'not measured: '

/** Something did not happen in time, by our deadlines or vitest's. On a slow machine that may not be a bug. */
function isDeadline({ name }: ReportedError): boolean {
  return name === 'DeadlineError' || name === 'TestTimeoutError' || name === 'HookTimeoutError'
}

function failuresOfFile({ file, tests, suites, collected }: FileReport): readonly Failure[] {
  const failed = tests.filter(({ state }) => state === 'failed').map(({ name, errors }) => ({ file, name, errors }))
  const hooks = suites.filter(({ errors }) => errors.length > 0)
  const around = hooks.map(({ name, errors }) => ({ file, name: `${name} (outside of its tests)`.trim(), errors }))
  const nothing = !collected && around.length === 0 ? [{ file, name: '(its tests could not be found)', errors: [] }] : []
  return [...failed, ...around, ...nothing]
}

export function failuresOf({ files, unhandled }: Report): readonly Failure[] {
  const outside = unhandled.map((error) => ({ file: '(outside of tests)', name: error.name, errors: [error] }))
  return [...files.flatMap(failuresOfFile), ...outside]
}

/** The files to run again: those in which only deadlines failed. A failed assertion is always a failure. */
export function lateFiles({ files }: Report): readonly string[] {
  return files.filter(isLate).map(({ file }) => file)
}

function isLate(report: FileReport): boolean {
  const failures = failuresOfFile(report)
  return report.collected && failures.length > 0 && failures.every(({ errors }) => errors.length > 0 && errors.every(isDeadline))
}

/** The file's second run, alone. */
export interface Second {
  readonly file: string
  readonly code: number
  readonly report: Report | null
}

/** The report as the second runs leave it, and the files that are unstable: too late at first, right when alone. */
export function withSecondRuns(first: Report, seconds: readonly Second[]): { report: Report; unstable: readonly string[] } {
  const bySecond = new Map(seconds.map((second) => [second.file, second]))
  const unstable: string[] = []
  const files = first.files.map((before) => {
    const second = bySecond.get(before.file)
    if (second === undefined) return before
    const after = second.report?.files.find(({ file }) => file === before.file)
    if (after !== undefined && isWhole(before, after) && isGreen(second)) {
      unstable.push(`${before.file}: ${messageOf(before)}`)
      return after
    }
    return after !== undefined && failuresOfFile(after).length > 0 ? after : before
  })
  const unhandled = [...first.unhandled, ...seconds.flatMap(({ report }) => report?.unhandled ?? [])]
  return { report: { files, unhandled }, unstable }
}

function isGreen({ code, report }: Second): boolean {
  return code === 0 && report !== null && failuresOf(report).length === 0
}

/** Whether every test was there again, and each that had failed has now passed, or said that it could not measure. */
function isWhole(before: FileReport, after: FileReport): boolean {
  const again = new Map(after.tests.map((test) => [test.name, test]))
  return before.tests.every(({ name, state }) => {
    const test = again.get(name)
    return test !== undefined && (state !== 'failed' || test.state === 'passed' || isNotMeasured(test))
  })
}

export function isNotMeasured({ state, note }: TestReport): boolean {
  return state === 'skipped' && note?.startsWith(notMeasured) === true
}

function messageOf(report: FileReport): string {
  return failuresOfFile(report)[0]?.errors[0]?.message.split('\n')[0] ?? ''
}

/** The tests that ran, each by its file and its name. */
export function ranIn({ files }: Report): ReadonlySet<string> {
  return new Set(
    files.flatMap(({ file, tests }) => tests.filter(({ state }) => state !== 'skipped').map(({ name }) => `${file} > ${name}`)),
  )
}
