/**
 * Type checks everything in the workspace, and core's sources again without Node's types. It must stay quick:
 * editors do the same work. A check over the budget is measured again, because the machine may be busy.
 */
import { join } from 'node:path'
import { calibrate } from '../tests/pace.ts'
import { keepsBudget } from './budget.ts'
import { ended } from './packages/shell.ts'

const budget = 10_000
const programs = ['tsconfig.json', 'packages/core/tsconfig.pure.json']

calibrate()
const first = await checked()
const best = first > budget ? Math.min(first, await checked()) : first
if (!keepsBudget('the type check', best, budget)) {
  console.error(`The type check may take ${budget} ms. Next: tsc -p tsconfig.json --extendedDiagnostics, or --generateTrace.`)
  process.exitCode = 1
}

/** Milliseconds of one full check; ends the process when a type is wrong. */
async function checked(): Promise<number> {
  const start = performance.now()
  // Several checkers would each compute most of the same types: at this size, one is faster on few cores.
  const runs = programs.map((program) => ended('tsc', ['-p', program, '--checkers', '1'], { cwd: join(import.meta.dirname, '..') }))
  const results = await Promise.all(runs)
  for (const { output } of results) process.stdout.write(output)
  if (results.some(({ code }) => code !== 0)) process.exit(1)
  const elapsed = Math.round(performance.now() - start)
  console.log(`types checked in ${elapsed} ms (budget ${budget} ms)`)
  return elapsed
}
