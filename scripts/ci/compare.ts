/** Whether core's tests ran on Deno too. */
import { ranIn, type Report } from './report.ts'
import { embeddedOnDeno } from './steps.ts'

/** Tests of core that ran on Node and should have run on Deno, but did not. */
export function missingOnDeno(node: Report, deno: readonly Report[]): readonly string[] {
  const core = { ...node, files: node.files.filter(({ file }) => file.startsWith('packages/core/')) }
  const ran = new Set(deno.flatMap((report) => [...ranIn(report)]))
  return [...ranIn(core)].filter((test) => isForDeno(test) && !ran.has(test))
}

/** On the embedded database only the tests that can depend on the platform are run again. */
function isForDeno(test: string): boolean {
  return !test.includes(' on embedded') || embeddedOnDeno.some((folder) => test.startsWith(folder))
}
