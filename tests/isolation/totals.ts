import type { Signature } from '@denizen/core/contract'
import { canariesIn, saysTheSame, told } from './answers.ts'
import { casesOf, type Input } from './cases.ts'
import type { Caller, Cast } from './cast.ts'
import { sideBySide } from './side-by-side.ts'
import { isWholeMatrix } from '../matrix.ts'
import { askedOf } from './some-callers.ts'
import type { Leak, Surroundings } from './surroundings.ts'

interface Question {
  readonly signature: Signature
  readonly input: Input
  readonly caller: Caller
  readonly leak: Omit<Leak, 'what'>
}

/**
 * Asks everybody for everything that they may ask for, lets the other organization
 * grow, and asks again: nobody may get another answer, for nothing of it is counted.
 */
export async function sweepTotals(surroundings: Surroundings, isWhole = isWholeMatrix): Promise<readonly Leak[]> {
  const { cast, call } = surroundings
  const questions = questionsOf(surroundings, isWhole)
  const ask = (): Promise<string[]> => sideBySide(questions, ({ signature, input, caller }) => told(call, signature.name, input, caller))
  const before = await ask()
  await cast.grow()
  const canaries = await cast.canaries()
  const after = await ask()
  return questions.flatMap(({ leak }, index) => {
    const [earlier, text] = [before[index] ?? '', after[index] ?? '']
    const found = canariesIn(text, canaries).map((canary) => ({ ...leak, what: `the answer holds ${canary}: ${text}` }))
    return saysTheSame(earlier, text, cast) ? found : [...found, { ...leak, what: `it was ${earlier}, and is ${text}` }]
  })
}

function questionsOf({ swept, cast }: Surroundings, isWhole: boolean): readonly Question[] {
  return swept.flatMap(({ signature, example }) =>
    signature.kind !== 'query' || example === null
      ? []
      : ownInputs(signature, example, cast).flatMap((input, index) =>
          askedOf(cast, isWhole).map((caller) => {
            const leak = { action: signature.name, caller: caller.name, place: `input ${index}` }
            return { signature, input, caller, leak }
          }),
        ),
  )
}

/** The example and the example about one's own things, with everything counted that can be. */
function ownInputs(signature: Signature, example: Input, cast: Cast): readonly Input[] {
  const counting = [{ ...example, total: true }, example].find((input) => signature.input.safeParse(input).success) ?? example
  const own = casesOf(signature, counting, { ...cast, foreign: { ...cast.foreign, ...cast.own }, unknown: cast.own })
  return [counting, ...own.map(({ foreign }) => foreign)].filter((input) => signature.input.safeParse(input).success)
}
