import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { clusterDirectory } from '../pglite.ts'

/** Unpacks the run's migrated cluster into a data directory: creating a new one takes seconds of processor time. */
export function unpackCluster(directory: string): void {
  const snapshot = process.env['DENIZEN_TEST_SNAPSHOT'] ?? ''
  if (snapshot === '') throw new Error('DENIZEN_TEST_SNAPSHOT is not set: run the tests with vitest, from the root of the workspace')
  const cluster = clusterDirectory(directory)
  mkdirSync(cluster, { recursive: true, mode: 0o700 })
  execFileSync('tar', ['-xf', snapshot, '-C', cluster], { stdio: ['ignore', 'ignore', 'pipe'] }) // it tells of the slash that its names begin with
}
