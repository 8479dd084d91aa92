import type { Caller, Cast } from './cast.ts'

/** Who meets each place by itself: in the whole matrix everybody, else an owner, who may do most. All places at once are met by everybody. */
export function askedOf({ strangers }: Cast, isWhole: boolean): readonly Caller[] {
  return isWhole ? strangers : strangers.filter(({ name }) => name === 'an owner')
}
