/**
 * Writes what is generated in the documentation, or says what is stale with `--check`:
 *
 * - docs/threat-model.md: the files that test each case, from the names of tests.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { numberedTests, withTests } from './docs/cases.ts'

const workspace = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

const pages: Readonly<Record<string, (page: string) => string | Promise<string>>> = {
  'docs/threat-model.md': (page) => withTests(page, numberedTests(workspace)),
}

for (const [name, make] of Object.entries(pages)) {
  const file = join(workspace, name)
  const page = await readFile(file, 'utf8')
  const wanted = await make(page)
  if (page === wanted) continue
  if (check) {
    console.error(`${name} is stale: run npm run generate:docs`)
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    console.log(`wrote ${name}`)
  }
}
