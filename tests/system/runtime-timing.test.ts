import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime, pinoLogger, readConfig } from '@denizen/runtime'

test('the embedded database starts again in less than 2 s', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'denizen-start-'))
  const config = readConfig({ DENIZEN_DATA_DIR: directory })
  const start = async () => {
    const runtime = await createRuntime(config, { logger: pinoLogger('silent') })
    await runtime.start()
    return runtime
  }
  try {
    await (await start()).stop()
    const startedAt = performance.now()
    const again = await start()
    const took = performance.now() - startedAt
    await again.stop()
    expect(took).toBeLessThan(2000)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
