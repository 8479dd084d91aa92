import type { SqlEntityManager } from '@mikro-orm/sql'
import { reviewImpersonations } from '../principals/index.ts'
import type { Assembly } from './assembly.ts'
import type { Recorder } from './recorder.ts'

/** Writes what a handler changed. Whatever it took from impersonators ends the impersonations that stood on that. */
export async function writeChanges({ catalogue, ports }: Assembly, em: SqlEntityManager, { invalidations }: Recorder): Promise<void> {
  await em.flush()
  const changed = invalidations.flatMap(({ key, onlyShown }) => (onlyShown ? [] : [key]))
  for (const key of await reviewImpersonations(em, catalogue, changed, ports.clock.now())) invalidations.push({ key, when: 'now' })
}
