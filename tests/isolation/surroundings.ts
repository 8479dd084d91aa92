import { signatures, type Signature } from '@denizen/core/contract'
import { runnerOf, TestClock } from '@denizen/core/testing'
import { afterAll, beforeAll } from 'vitest'
import { actions } from '../../packages/core/src/actions.ts'
import type { Action } from '../../packages/core/src/kernel/action.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { examples, type Examples, type FaceWorld } from '../examples/index.ts'
import type { Input } from './cases.ts'
import { castOf, type Caller, type Cast } from './cast.ts'
import { watchChanges, type Changes } from './changes.ts'

/** Every action that there is. */
export const all: readonly Signature[] = Object.values(signatures).flatMap((namespace) => Object.values<Signature>(namespace))

/** An action as the sweep takes it: what is known of it from outside, and an input that succeeds for somebody. */
export interface Swept {
  readonly signature: Signature
  /** null: nobody gave one. */
  readonly example: Input | null
  /** Whether there is a plan of it. */
  readonly plannable: boolean
}

/** A way to call an action: the pipeline in this process, or a server over HTTP. */
export type Call = (name: string, input: Input, caller: Caller) => Promise<unknown>

/** What lets something of another organization through, and how it shows. */
export interface Leak {
  readonly action: string
  readonly caller: string
  readonly place: string
  readonly what: string
}

/** A leak in one line. */
export function lineOf({ action, caller, place, what }: Leak): string {
  return [action, caller, place, what].join(' | ').slice(0, 1000)
}

export interface Surroundings {
  readonly database: SystemDatabase
  readonly cast: Cast
  /** What the tables hold, from when the cast was there. */
  readonly changes: Changes
  /** The actions that were asked for, each with the input of the example that succeeds. */
  readonly swept: readonly Swept[]
  readonly call: Call
  /** What a call would do. */
  readonly plan: Call
}

/**
 * One world for a file: two organizations, and the pipeline in this process, with more actions than the product has. Its clock stands
 * still: somebody who has just proved who they are may do what takes that however long the file takes.
 */
export function useSurroundings(asked: readonly Signature[], more: readonly Action[] = []): () => Surroundings {
  let made: Surroundings | undefined
  beforeAll(async () => {
    const database = await openDatabase({ clock: new TestClock() })
    const swept = await withExamples(database, asked)
    const cast = await castOf(database)
    const { run, plan } = runnerOf({ orm: database.core.orm, ports: database.ports }, more)
    made = {
      database,
      cast,
      swept,
      changes: await watchChanges(database),
      call: (name, input, { actor }) => run(name, input, actor),
      plan: (name, input, { actor }) => plan(name, input, actor),
    }
  })
  afterAll(() => made?.database.close())
  return () => {
    if (made === undefined) throw new Error('the surroundings are there from beforeAll to afterAll')
    return made
  }
}

async function withExamples(database: SystemDatabase, asked: readonly Signature[]): Promise<readonly Swept[]> {
  const { people } = database
  const world: FaceWorld = { database, admin: await people.asSuperadmin(), signUp: (named) => people.signUp(named) }
  const made: Swept[] = []
  for (const signature of asked) {
    const example = (examples as Readonly<Record<string, Examples | undefined>>)[signature.name]
    const action = actions.get(signature.name)
    const plannable = action !== undefined && isPlannable(action)
    made.push({ signature, plannable, example: example === undefined ? null : (await example.succeeds(world)).input })
  }
  return made
}

/** Whether there are plans of an action. */
export function isPlannable(action: Action): boolean {
  return action.kind === 'command' && action.handlesSecret !== true
}
