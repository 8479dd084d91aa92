import { flushCompileCache } from 'node:module'
import { DenizenError } from '@denizen/core'
import { lockDirectory } from '../directory-lock.ts'

/** Run by directory-lock.test.ts: takes the lock of the directory named in its argument, says how that went, and stays. */
flushCompileCache() // it will be killed, and would keep nothing for the next one
const [, , directory = ''] = process.argv
try {
  await lockDirectory(directory, 'http://127.0.0.1:4999')
  process.send?.('held')
  setInterval(() => {}, 60_000)
} catch (error) {
  process.send?.(error instanceof DenizenError ? error.code : String(error))
}
