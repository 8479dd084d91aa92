import { isWholeMatrix } from '../matrix.ts'
import type { Caller, Cast } from './cast.ts'

/** Who is asked one of many questions: in the whole matrix everybody, else an owner, who may do most, and one of the others in turn. */
export function askedOf({ strangers }: Cast, index: number): readonly Caller[] {
  if (isWholeMatrix) return strangers
  const owner = strangers.find(({ name }) => name === 'an owner')
  if (owner === undefined) throw new Error('there is no owner among the strangers')
  const others = strangers.filter((caller) => caller !== owner)
  return [owner, ...others.slice(index % others.length, (index % others.length) + 1)]
}
