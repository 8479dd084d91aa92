import { afterEach, beforeEach } from 'vitest'
import { createWorld, type World, type WorldOptions } from './world.ts'

/** As `useWorld`, one for each test: for tests that empty tables, or are about what an installation has one of. */
export function useFreshWorlds(options: WorldOptions = {}): () => World {
  let world: World | undefined
  beforeEach(async () => {
    world = await createWorld(options)
  })
  afterEach(async ({ task }) => {
    await world?.close({ keep: task.result?.state === 'fail' })
    world = undefined
  })
  return () => {
    if (world === undefined) throw new Error('there is a world from beforeEach to afterEach')
    return world
  }
}
