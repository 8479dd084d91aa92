import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm run bench`, `npm run bench:access`, `npm run bench:directory` and `npm run bench:sign-in`. The bench has an install of its own, which the project's does
 * not bring; whatever needs it is imported when it is there.
 */
const installed = join(import.meta.dirname, 'node_modules', '.package-lock.json')
if (!existsSync(installed)) {
  console.log('The bench installs what it compares with, once …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}
const [first, ...rest] = process.argv.slice(2)
if (first === '--directory') {
  const { benchDirectory } = await import('./directory/bench.ts')
  process.exitCode = await benchDirectory(rest)
} else if (first === '--sign-in') {
  const { benchSignIn } = await import('./sign-in/bench.ts')
  process.exitCode = await benchSignIn(rest)
} else if (first === '--access') {
  const { benchAccess } = await import('./access/bench.ts')
  process.exitCode = await benchAccess(rest)
} else {
  const { bench } = await import('./bench.ts')
  process.exitCode = await bench(process.argv.slice(2))
}
