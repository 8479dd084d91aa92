import { expect, test } from 'vitest'
import { referencesIn } from './cases.ts'
import { all, lineOf, useSurroundings } from './surroundings.ts'
import { sweep } from './sweep.ts'

/** How many files share the actions, so that as many worlds can be swept at a time: pipeline-1.test.ts and so on. */
export const shards = 3

/** ABUSE 13, 14, 16: from another organization nothing is there, whatever the action, the caller and the place of the id. */
export function sweepShard(shard: number): void {
  const naming = all.filter((signature) => referencesIn(signature).length > 0)
  const surroundings = useSurroundings(naming.filter((_, index) => index % shards === shard - 1))

  test(`nobody learns of, or changes, anything of another organization (${shard} of ${shards})`, async () => {
    expect((await sweep(surroundings())).map(lineOf)).toEqual([])
  })
}
