/**
 * Type checks everything in the workspace, and core's sources again without Node's types. It must stay quick, because
 * editors do the same work: what the compiler had to compute has a budget. That is the same on every machine, as time
 * is not; on a quiet machine of two cores, the budget is about ten seconds.
 */
import { join } from 'node:path'
import { ended } from './packages/shell.ts'

/** What the compiler counts in all programs together. */
const budgets = { Types: 920_000, Instantiations: 2_810_000 } as const
const programs = ['tsconfig.json', 'packages/core/tsconfig.pure.json']

const startedAt = performance.now()
// Several checkers would each compute most of the same types: at this size, one is faster on few cores.
const checked = ['--checkers', '1', '--extendedDiagnostics']
const results = await Promise.all(
  programs.map((program) => ended('tsc', ['-p', program, ...checked], { cwd: join(import.meta.dirname, '..') })),
)
const wrong = results.filter(({ code }) => code !== 0)
for (const { output } of wrong) process.stdout.write(output)
if (wrong.length > 0) process.exit(1)
console.log(`types checked in ${Math.round(performance.now() - startedAt)} ms`)
for (const [what, budget] of Object.entries(budgets)) keep(what, budget)

function keep(what: string, budget: number): void {
  const total = results.reduce((sum, { output }) => sum + counted(what, output), 0)
  console.log(`${what}: ${total} (budget ${budget})`)
  if (total <= budget) return
  console.error(`${what}: over the budget. Next: tsc -p tsconfig.json --generateTrace, to see which types cost the most.`)
  process.exitCode = 1
}

/** A figure of the compiler's diagnostics, which must be there. */
function counted(what: string, output: string): number {
  const figure = new RegExp(`^${what}:\\s+(\\d+)$`, 'm').exec(output)?.[1]
  if (figure === undefined) throw new Error(`The compiler no longer says ${what}:\n${output}`)
  return Number(figure)
}
