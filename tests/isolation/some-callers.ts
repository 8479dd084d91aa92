import { isWholeMatrix } from '../matrix.ts'
import type { Caller, Cast } from './cast.ts'

/** Who is asked one of many questions: in the whole matrix everybody, else an owner, who may do most, and two of the others in turn. */
export function askedOf({ strangers }: Cast, index: number): readonly Caller[] {
  if (isWholeMatrix) return strangers
  const owner = strangers.find(({ name }) => name === 'an owner')
  if (owner === undefined) throw new Error('there is no owner among the strangers')
  const others = strangers.filter((caller) => caller !== owner)
  return [owner, ...[2 * index, 2 * index + 1].flatMap((turn) => others[turn % others.length] ?? [])]
}
