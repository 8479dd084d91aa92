import { describe, expect, it } from 'vitest'
import { missingOnDeno } from '../../scripts/ci/compare.ts'
import { failuresOf, lateFiles, withSecondRuns, type FileReport, type Report, type ReportedError } from '../../scripts/ci/report.ts'
import { DeadlineError } from '../deadlines.ts'

const { name, message } = new DeadlineError('the server being ready: not within 5000 ms\nmore')
const deadline: ReportedError = { name, message }
const timeout: ReportedError = { name: 'TestTimeoutError', message: 'Test timed out in 60000ms.' }
const hookTimeout: ReportedError = { name: 'HookTimeoutError', message: 'Hook timed out in 120000ms.' }
const assertion: ReportedError = { name: 'AssertionError', message: 'expected 1 to be 2' }
/** An assertion that speaks of a deadline is one nevertheless. */
const disguised: ReportedError = { name: 'AssertionError', message: 'DeadlineError: Test timed out in 60000ms.' }

const passed = (name: string) => ({ name, state: 'passed' as const, errors: [] })
const skipped = (name: string, note?: string) => ({ name, state: 'skipped' as const, note, errors: [] })
const failed = (name: string, ...errors: ReportedError[]) => ({ name, state: 'failed' as const, errors })
const file = (name: string, tests: FileReport['tests'], more: Partial<FileReport> = {}): FileReport => ({
  file: name,
  collected: true,
  tests,
  suites: [],
  ...more,
})
const report = (...files: FileReport[]): Report => ({ files, unhandled: [] })
const inHook = (...errors: ReportedError[]) => ({ suites: [{ name: 'a suite', errors }] })

describe('a file is run once more', () => {
  it.each<[when: string, again: boolean, FileReport]>([
    ['nothing failed', false, file('a', [passed('one')])],
    ['a deadline failed', true, file('a', [passed('one'), failed('two', deadline)])],
    ["vitest's own deadline failed", true, file('a', [failed('one', timeout)])],
    ['a hook was late', true, file('a', [skipped('one')], inHook(hookTimeout))],
    ['two were late', true, file('a', [failed('one', deadline), failed('two', timeout, deadline)])],
    ['an assertion failed', false, file('a', [failed('one', assertion)])],
    ['an assertion failed in the test next to a deadline', false, file('a', [failed('one', deadline), failed('two', assertion)])],
    ['an assertion failed in the same test as a deadline', false, file('a', [failed('one', deadline, assertion)])],
    ['an assertion speaks of a deadline', false, file('a', [failed('one', disguised)])],
    ['a hook failed otherwise', false, file('a', [failed('one', deadline)], inHook(assertion))],
    ['a test failed without saying why', false, file('a', [failed('one')])],
    ['its tests could not be found in time', false, file('a', [], { collected: false, suites: [{ name: '', errors: [deadline] }] })],
  ])('%s: %s', (_when, again, one) => {
    expect(lateFiles(report(one))).toEqual(again ? ['a'] : [])
  })

  it('and no other file', () => {
    const files = [file('a', [failed('one', deadline)]), file('b', [failed('one', assertion)]), file('c', [passed('one')])]
    expect(lateFiles(report(...files))).toEqual(['a'])
  })
})

describe('after the second run', () => {
  const first = report(file('a', [passed('one'), failed('two', deadline)]), file('b', [passed('one')]))
  const once = (code: number, ...files: FileReport[]) => [{ file: 'a', code, report: report(...files) }]

  it('a file that passed counts as passed, and is named as unstable with what was late', () => {
    const after = withSecondRuns(first, once(0, file('a', [passed('one'), passed('two')])))
    expect(failuresOf(after.report)).toEqual([])
    expect(after.unstable).toEqual(['a: the server being ready: not within 5000 ms'])
  })

  it('a test that could not measure is neither', () => {
    const after = withSecondRuns(first, once(0, file('a', [passed('one'), skipped('two', 'not measured: busy')])))
    expect(failuresOf(after.report)).toEqual([])
  })

  it.each<[what: string, code: number, FileReport[]]>([
    ['failed again', 1, [file('a', [passed('one'), failed('two', deadline)])]],
    ['failed by an assertion', 1, [file('a', [passed('one'), failed('two', assertion)])]],
    ['failed in another test', 1, [file('a', [failed('one', deadline), passed('two')])]],
    ['ended with another code though no test failed', 1, [file('a', [passed('one'), passed('two')])]],
    ['left a test out', 0, [file('a', [passed('one')])]],
    ['skipped the test that had failed', 0, [file('a', [passed('one'), skipped('two')])]],
    ['did not find the file', 1, []],
  ])('a file that %s has failed', (_what, code, files) => {
    const after = withSecondRuns(first, once(code, ...files))
    expect(failuresOf(after.report)).toHaveLength(1)
    expect(after.unstable).toEqual([])
  })

  it('a file whose run told nothing has failed', () => {
    const after = withSecondRuns(first, [{ file: 'a', code: 1, report: null }])
    expect(failuresOf(after.report).map(({ name }) => name)).toEqual(['two'])
  })

  it('an error outside of tests is a failure, even if every test passed', () => {
    const seconds = [{ file: 'a', code: 1, report: { ...report(file('a', [passed('one'), passed('two')])), unhandled: [deadline] } }]
    const after = withSecondRuns(first, seconds)
    expect(after.unstable).toEqual([])
    expect(failuresOf(after.report)).toHaveLength(2)
  })
})

describe('core on Deno', () => {
  const node = report(
    file('packages/core/src/teams/a.test.ts', [passed('one'), passed('one on embedded'), skipped('two')]),
    file('packages/core/src/pipeline/a.test.ts', [passed('one on embedded')]),
    file('packages/runtime/src/a.test.ts', [passed('one')]),
  )
  const onPostgres = report(file('packages/core/src/teams/a.test.ts', [passed('one')]))
  const embedded = report(file('packages/core/src/pipeline/a.test.ts', [passed('one on embedded')]))

  it('has to run every test of core, on the embedded database what may differ there', () => {
    expect(missingOnDeno(node, [onPostgres, embedded])).toEqual([])
    expect(missingOnDeno(node, [onPostgres])).toEqual(['packages/core/src/pipeline/a.test.ts > one on embedded'])
    expect(missingOnDeno(node, [embedded])).toEqual(['packages/core/src/teams/a.test.ts > one'])
  })

  it('has not run what it skipped, nor a test of the same name elsewhere', () => {
    const other = report(
      file('packages/core/src/teams/a.test.ts', [skipped('one')]),
      file('packages/core/src/users/a.test.ts', [passed('one')]),
    )
    expect(missingOnDeno(node, [other, embedded])).toEqual(['packages/core/src/teams/a.test.ts > one'])
  })
})
