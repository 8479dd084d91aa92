import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { createRuntime, pinoLogger, readConfig } from '@denizen/runtime'
import { expectKept } from './promise.ts'

/** Milliseconds. */
const bound = 2000

test(`the embedded database starts again in less than ${bound} ms`, async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'denizen-start-'))
  const config = readConfig({ DENIZEN_DATA_DIR: directory })
  const start = async () => {
    const runtime = await createRuntime(config, { logger: pinoLogger('silent') })
    await runtime.start()
    return runtime
  }
  const restart = async (): Promise<number> => {
    const startedAt = performance.now()
    const again = await start()
    const took = performance.now() - startedAt
    await again.stop()
    return took
  }
  try {
    await (await start()).stop()
    await expectKept(context, 'a start of the embedded database', restart, (took) => (took < bound ? [] : [`${took} ms`]))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
