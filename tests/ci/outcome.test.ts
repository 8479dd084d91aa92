import { describe, expect, it } from 'vitest'
import { closingLines, exitCode, linesOfStep, linesShown, outcomeOfCheck, outcomeOfSuite, type Outcome } from '../../scripts/ci/outcome.ts'
import { failuresOf, type Report, type TestReport } from '../../scripts/ci/report.ts'

const test = (name: string, state: TestReport['state'], more: Partial<TestReport> = {}): TestReport => ({
  name,
  state,
  errors: [],
  ...more,
})
const wrong = test('two', 'failed', {
  errors: [{ name: 'AssertionError', message: 'expected 1 to be 2', diff: '\u001B[32m- 2\u001B[39m' }],
})
const report = (...tests: TestReport[]): Report => ({
  files: [{ file: 'tests/a.test.ts', collected: true, tests, suites: [] }],
  unhandled: [],
})

/** A suite that ended with the code and told this. */
function suite(code: number, told: Report | null, files: readonly string[] = []): Outcome {
  const hadFailures = told !== null && failuresOf(told).length > 0
  return outcomeOfSuite({ step: 'suite', code, output: 'the log', report: told, hadFailures, unstable: [], files })
}

describe('a suite', () => {
  it.each<[what: string, code: number, told: Report | null, files: string[], passed: number, failures: string[]]>([
    ['passed', 0, report(test('one', 'passed')), [], 1, []],
    ['failed in a test', 1, report(test('one', 'passed'), wrong), [], 1, ['suite: tests/a.test.ts > two']],
    ['told nothing', 1, null, [], 0, ['suite: ended with 1 and told of no test']],
    ['told nothing and was content', 0, null, [], 0, ['suite: ended with 0 and told of no test']],
    ['ran nothing', 0, { files: [], unhandled: [] }, [], 0, ['suite: no test ran']],
    ['skipped all', 0, report(test('one', 'skipped')), [], 0, ['suite: no test ran']],
    ['could not measure', 0, report(test('one', 'skipped', { note: 'not measured: busy' })), [], 0, []],
    ['failed though no test did', 1, report(test('one', 'passed')), [], 1, ['suite: ended with 1, though no test failed']],
    ['ran what was asked for', 0, report(test('one', 'passed')), ['tests/a'], 1, []],
    ['left out what was asked for', 0, report(test('one', 'passed')), ['tests/a', 'tests/b'], 1, ['suite: no test ran in tests/b']],
    [
      'left an error behind',
      1,
      { ...report(test('one', 'passed')), unhandled: [{ name: 'TypeError', message: 'x' }] },
      [],
      1,
      ['suite: (outside of tests) > TypeError'],
    ],
  ])('that %s', (_what, code, told, files, passed, failures) => {
    const outcome = suite(code, told, files)
    expect(outcome.passed).toBe(passed)
    expect(outcome.failures).toEqual(failures)
  })

  it('whose failures were all gone at the second run has passed, whatever the first ended with', () => {
    const ended = { step: 'suite', code: 1, output: '', report: report(test('one', 'passed')), files: [] }
    const outcome = outcomeOfSuite({ ...ended, hadFailures: true, unstable: ['tests/a.test.ts: late'] })
    expect(outcome.failures).toEqual([])
    expect(outcome.unstable).toEqual(['tests/a.test.ts: late'])
  })

  it('tells what was skipped apart from what could not be measured', () => {
    const outcome = suite(
      0,
      report(test('one', 'passed'), test('two', 'skipped', { note: 'not measured: busy' }), test('three', 'skipped')),
    )
    expect(outcome).toMatchObject({ passed: 1, skipped: 1, failures: [], notMeasured: ['tests/a.test.ts > two: busy'] })
  })
})

describe('a check', () => {
  it('counts once', () => {
    expect(outcomeOfCheck({ step: 'lint', code: 0, output: '' })).toMatchObject({ passed: 1, failures: [], log: [] })
    expect(outcomeOfCheck({ step: 'lint', code: 2, output: 'no' })).toMatchObject({
      passed: 0,
      failures: ['lint: ended with 2'],
      log: ['no'],
    })
  })

  it('may say what it did not measure', () => {
    const output = 'types checked\nnot measured: types took 20 s, the machine is busy\n'
    expect(outcomeOfCheck({ step: 'types', code: 0, output }).notMeasured).toEqual(['types: types took 20 s, the machine is busy'])
  })
})

describe('what is printed', () => {
  it('of a failing suite begins with the names, then says why', () => {
    const lines = linesOfStep(suite(1, report(test('one', 'passed'), wrong)), 12.4)
    expect(lines[0]).toMatch(/^FAILED {2}suite +12 s {2}1 passed, 1 failed$/)
    expect(lines.slice(1)).toEqual([
      '  suite: tests/a.test.ts > two',
      '',
      'FAIL tests/a.test.ts > two',
      '  AssertionError: expected 1 to be 2',
      '  - 2',
    ])
  })

  it('of a failing check is the end of its output, and never too much', () => {
    const output = Array.from({ length: 1000 }, (_, line) => `line ${line}`).join('\n')
    const lines = linesOfStep(outcomeOfCheck({ step: 'lint', code: 1, output }), 1)
    expect(lines[1]).toBe('  lint: ended with 1')
    expect(lines.length).toBeLessThanOrEqual(linesShown + 1)
    expect(lines.at(-1)).toBe('line 999')
  })

  it('of a step that passed is one line', () => {
    expect(linesOfStep(suite(0, report(test('one', 'passed'))), 1)).toHaveLength(1)
  })
})

describe('the end', () => {
  const none = { step: 'a', passed: 3, skipped: 0, failures: [], notMeasured: [], unstable: [], details: [], log: [] }

  it.each<[what: string, outcomes: Outcome[], lines: string[], code: 0 | 1]>([
    ['green', [none, { ...none, passed: 4 }], ['7 passed, 0 failed'], 0],
    ['with skipped tests', [{ ...none, skipped: 2 }], ['3 passed, 0 failed, 2 skipped'], 0],
    ['red', [none, { ...none, passed: 0, failures: ['b: c > d'] }], ['FAILED b: c > d', '3 passed, 1 failed'], 1],
    ['unstable', [{ ...none, unstable: ['f: late'] }], ['unstable: f: late', '3 passed, 0 failed'], 0],
    ['not measured', [{ ...none, notMeasured: ['f: busy', 'g: busy'] }], ['2 not measured: f: busy; g: busy', '3 passed, 0 failed'], 0],
    ['with nothing', [], ['0 passed, 0 failed'], 1],
  ])('%s', (_what, outcomes, lines, code) => {
    expect(closingLines(outcomes)).toEqual(lines)
    expect(exitCode(outcomes)).toBe(code)
  })
})
