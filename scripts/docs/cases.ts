/** The cases of docs/threat-model.md, and the tests that are named after them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of tests by the number of a case that one of their tests is named after. */
export type NumberedTests = ReadonlyMap<number, readonly string[]>

/** A line of a table of cases. */
export interface Case {
  readonly number: number
  readonly state: string
  readonly tests: readonly string[]
}

/** What begins the name of a test: `ABUSE 36, 37: …`, `25: …`, `ABUSE 20, race: …`; after the number of a fault, `S1: case 60: …`. */
const numberedName = /(?:\b(?:it|test|describe)[.\w]*|[)\]`])\(\s*['"`](?:ABUSE |[A-Z]\d+: case )?(\d{1,2}(?:, \d{1,2})*)(?:, race)?: /g

const row = /^\| (?<number>\d+) \|(?<told>.*)\| (?<state>[^|]+) \|(?<tests>[^|]*)\|$/

/** The numbers that tests in this source are named after. */
export function numbersIn(source: string): number[] {
  return [...source.matchAll(numberedName)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number))
}

export function numberedTests(workspace: string): NumberedTests {
  const files = globSync(['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tests/**/*.test.ts'], { cwd: workspace })
  const found = new Map<number, string[]>()
  for (const file of files.toSorted()) {
    for (const number of new Set(numbersIn(readFileSync(join(workspace, file), 'utf8')))) {
      found.set(number, [...(found.get(number) ?? []), file])
    }
  }
  return found
}

export function casesOf(page: string): Case[] {
  return page.split('\n').flatMap((line) => {
    const { number, state, tests } = row.exec(line)?.groups ?? {}
    if (number === undefined || state === undefined || tests === undefined) return []
    return [{ number: Number(number), state, tests: [...tests.matchAll(/`([^`]+)`/g)].flatMap(([, file]) => file ?? []) }]
  })
}

/** The page with the files of every case in its last column. */
export function withTests(page: string, found: NumberedTests): string {
  const lines = page.split('\n').map((line) => {
    const { number, told, state } = row.exec(line)?.groups ?? {}
    if (number === undefined) return line
    const files = (found.get(Number(number)) ?? []).map((file) => `\`${file}\``)
    return `| ${number} |${told}| ${state} | ${files.join('<br>') || '–'} |`
  })
  return lines.join('\n')
}
