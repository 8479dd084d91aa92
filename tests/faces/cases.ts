import { kinds, type ActionName } from '@denizen/core/calls'
import { signatures, type Signature } from '@denizen/core/contract'
import { actions } from '../../packages/core/src/actions.ts'
import { takesKey, type Action } from '../../packages/core/src/kernel/action.ts'
import { isWholeMatrix } from '../matrix.ts'
import { examples, type Examples } from '../examples/index.ts'
import { handMade } from './hand-made.ts'
import { choose, shapesOf, type Candidate, type Case } from './shapes.ts'

export const names = Object.keys(kinds) as ActionName[]

/** An action, and what is done with its example. */
export type NamedCase = readonly [name: ActionName, which: Case]

export function exampleOf(name: ActionName): Examples {
  const example: Examples | undefined = examples[name]
  if (example === undefined) throw new Error(`${name} has no example: add one to tests/examples`)
  return example
}

function actionOf(name: ActionName): Action {
  const action = actions.get(name)
  if (action === undefined) throw new Error(`there is no action ${name}`)
  return action
}

/** Whether it changes nothing, so that whoever asks twice is told the same. */
export function isReadOnly(name: ActionName): boolean {
  return actionOf(name).kind !== 'command'
}

/** Whether the same call may be made again, with the same answer: it reads, or fails and is no wrong guess, of which there are only so many. */
export function isRepeatable(name: ActionName, which: Case): boolean {
  const { counted, kind } = exampleOf(name).failure
  return isReadOnly(name) || (which === 'fails' && counted !== true && kind !== 'unauthenticated')
}

/** Every action, as the choice knows it. One without an example is left to the test that names it. */
export function candidates(): readonly Candidate[] {
  const all: readonly Signature[] = Object.values(signatures).flatMap((namespace) => Object.values<Signature>(namespace))
  return all.flatMap((signature) => {
    const name = signature.name as ActionName
    if (!(name in examples)) return []
    const action = actionOf(name)
    const traits = {
      inquiry: action.kind === 'inquiry' || action.kind === 'dryRun',
      handlesSecret: 'handlesSecret' in action,
      keyless: !takesKey(action),
      failure: exampleOf(name).failure,
    }
    return [{ signature, traits }]
  })
}

export function shapesOfNamed(name: ActionName, which: Case): ReadonlySet<string> {
  return new Set(candidates().flatMap((candidate) => (candidate.signature.name === name ? [...shapesOf(candidate, which)] : [])))
}

/** Every action, as it succeeds and as it fails. */
export function everyCase(): readonly NamedCase[] {
  return names.flatMap((name) => [[name, 'succeeds'] as const, [name, 'fails'] as const])
}

/** A plan and a key go with commands of every kind alike: one of each shape, in either mode. */
export function preparedCases(): readonly NamedCase[] {
  return [...chosen('is planned'), ...chosen('is repeated with a key')]
}

/** What a client is asked for: one action of every shape; in the whole matrix, every action. */
export function clientCases(): readonly NamedCase[] {
  return [...(isWholeMatrix ? everyCase() : [...chosen('succeeds'), ...chosen('fails')]), ...preparedCases()]
}

/** The same for the command line, and whatever its commands call in code of their own. */
export function cliCases(cases: readonly NamedCase[]): readonly NamedCase[] {
  const known = new Set(cases.map(String))
  const own = handMade()
  return [...cases, ...everyCase().filter((named) => own.has(named[0]) && !known.has(String(named)))]
}

function chosen(which: Case): readonly NamedCase[] {
  return choose(candidates(), which).map((name) => [name as ActionName, which] as const)
}
