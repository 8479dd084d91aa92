import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { casesOf, numberedTests, numbersIn, withTests } from '../../scripts/docs/cases.ts'

const workspace = join(import.meta.dirname, '../..')
const page = readFileSync(join(workspace, 'docs/threat-model.md'), 'utf8')
const cases = casesOf(page)
const found = numberedTests(workspace)

describe('the cases of the threat model', () => {
  test('are numbered from 1 to 75, each once', () => {
    expect(cases.map(({ number }) => number)).toEqual(Array.from({ length: 75 }, (_, index) => index + 1))
  })

  test('have every number that a test is named after', () => {
    const numbers = cases.map(({ number }) => number)
    expect([...found.keys()].filter((number) => !numbers.includes(number))).toEqual([])
  })

  test('name files that are there and have a test with their number', () => {
    const wrong = cases.flatMap(({ number, tests }) =>
      tests.filter((file) => !numbersIn(readFileSync(join(workspace, file), 'utf8')).includes(number)).map((file) => `${number}: ${file}`),
    )
    expect(wrong).toEqual([])
  })

  test('name all of these files: otherwise run npm run generate', () => {
    expect(withTests(page, found)).toBe(page)
  })

  test('are called open or to come when there is no test of them, and only then', () => {
    const untested = cases.filter(({ tests }) => tests.length === 0).map(({ number }) => number)
    expect(cases.filter(({ state }) => /^(open|to come)\b/.test(state)).map(({ number }) => number)).toEqual(untested)
    expect(cases.filter(({ state }) => !/^(open|tested|partly: .+|to come: .+)$/.test(state))).toEqual([])
  })
})

// Call and name stand apart here, so that these are no tests of the cases themselves.
describe('the numbers of tests', () => {
  test.each([
    ['test(', `'ABUSE 37: allowed'`, [37]],
    ['  it(', `"25: answers alike"`, [25]],
    ['describe(', '`1: ${callers} at once`', [1]],
    ['describe(', `'ABUSE 36, 37: who may act'`, [36, 37]],
    ['test(', `'ABUSE 20, race: of 22 superadmins'`, [20]],
    ['describe.each(databases)(', `'21: impersonation on %s'`, [21]],
    [`test.each([\n  ['a'],\n])(\n  `, `'ABUSE 19: %s gives'`, [19]],
    ['it.concurrent(', `'56: keeps'`, [56]],
  ])('are read from %s%s', (call, name, numbers) => {
    expect(numbersIn(`${call}${name}, () => {`)).toEqual(numbers)
  })

  test.each([
    ['test(', `'a cursor of 16: none'`],
    ['expect(text).toBe(', `'12: noon'`],
    ['test(', `'2026-01-01: a day'`],
  ])('are not read from %s%s', (call, name) => {
    expect(numbersIn(`${call}${name}, () => {`)).toEqual([])
  })
})
