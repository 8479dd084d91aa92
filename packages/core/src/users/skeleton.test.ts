import { describe, expect, it } from 'vitest'
import { usernameForm } from '../text/index.ts'
import { skeletonOf } from './skeleton.ts'

describe('skeletons', () => {
  it.each([
    ['аdmin', 'admin'],
    ['ѕuреrаdmіn', 'superadmin'],
    ['αda', 'ada'],
    ['рауреаl', 'paypeal'],
    ['οδος', 'οδοσ'],
  ])('S20: %s and %s look the same', (one, other) => {
    expect(skeletonOf(usernameForm(one))).toBe(skeletonOf(usernameForm(other)))
    expect(usernameForm(one)).not.toBe(usernameForm(other))
  })

  it('S20: letters of ASCII stand for themselves', () => {
    for (const text of ['corner', 'comer', 'user1', 'userl', 'o0']) expect(skeletonOf(text)).toBe(text)
  })

  it('S20: of one username there is one, however it is written', () => {
    for (const text of ['Ị\u0307a', 'ΐ', 'Ǆ', 'ﬁ', 'Zoë', 'ｶﾞ', 'ǰ'])
      expect(skeletonOf(usernameForm(text))).toBe(skeletonOf(usernameForm(text.normalize('NFD'))))
  })
})
