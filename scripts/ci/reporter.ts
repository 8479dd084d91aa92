/**
 * A vitest reporter for CI: writes the file that CI_REPORT names. vitest's own JSON has neither the reason why a test
 * skipped itself nor the class of an error, and does not distinguish tests that `-t` left out from skipped ones.
 */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import type { FileReport, Report, ReportedError, TestReport } from './report.ts'

export default class CiReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Thrown[]): void {
    const path = process.env['CI_REPORT'] ?? ''
    if (path === '') throw new Error('CI_REPORT names no file.')
    const pattern = this.#vitest?.getGlobalTestNamePattern()
    const files = modules
      .map((module) => fileReport(module, pattern))
      .filter(({ tests, suites, collected }) => !collected || tests.length + suites.length > 0)
    writeFileSync(path, JSON.stringify({ files, unhandled: unhandled.map(errorReport) } satisfies Report))
  }
}

function fileReport(module: TestModule, pattern: RegExp | undefined): FileReport {
  const suites = [...module.children.allSuites()]
  const hooks = [{ name: '', errors: module.errors() }, ...suites.map((suite) => ({ name: nameOf(suite), errors: suite.errors() }))]
  return {
    file: relative(process.cwd(), module.moduleId),
    collected: module.children.size > 0,
    tests: [...module.children.allTests()].map(testReport).filter(({ name }) => pattern === undefined || name.search(pattern) >= 0),
    suites: hooks.filter(({ errors }) => errors.length > 0).map(({ name, errors }) => ({ name, errors: errors.map(errorReport) })),
  }
}

function testReport(test: TestCase): TestReport {
  const result = test.result()
  const name = nameOf(test)
  if (result.state === 'skipped') return { name, state: 'skipped', note: result.note, errors: [] }
  if (result.state === 'passed') return { name, state: 'passed', errors: [] }
  if (result.state === 'failed') return { name, state: 'failed', errors: result.errors.map(errorReport) }
  return { name, state: 'failed', errors: [{ name: 'Unfinished', message: 'the run ended before it did' }] }
}

/** What vitest hands over of an error that was thrown in another process. */
interface Thrown {
  readonly name?: string
  readonly message: string
  readonly diff?: unknown
  readonly stack?: string
}

function errorReport({ name = 'Error', message, diff, stack }: Thrown): ReportedError {
  return { name, message, diff: typeof diff === 'string' ? diff : undefined, stack }
}

/** The name with those of the suites around it, as vitest compares it with `-t`. */
function nameOf(task: TestCase | TestSuite): string {
  return task.parent.type === 'module' ? task.name : `${nameOf(task.parent)} ${task.name}`
}
