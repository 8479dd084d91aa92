import { describe, expect, test } from 'vitest'
import { scaled } from '../../../../tests/deadlines.ts'
import { checkNewPassword } from './new-password.ts'
import { commonPasswords } from './blocklist.ts'
import { weaknessOf } from './rules.ts'

const isCommon = await commonPasswords()
const ada = { username: 'ada.lovelace', email: 'ada@analytical-engine.example', fullName: 'Augusta King' }
const words = [...Object.values(ada), 'users.example.org']
const alone = (password: string) => weaknessOf(password, { least: 15, words, isCommon })
const withFactor = (password: string) => weaknessOf(password, { least: 8, words, isCommon })

test.each([
  ['a phrase', 'correct horse battery staple'],
  ['15 characters', 'mzq-4 vr_t9 pkd'],
  ['no letter at all', '5501 9934 7612 08'],
  ['nothing but small letters', 'wheelbarrowantlersoup'],
  ['64 characters, and more', 'a long way to go, '.repeat(20) + 'said the tortoise'],
  ['spaces at the ends, which count', ' mzq4 vr_t9pkd '],
  ['15 letters outside the basic plane', '𐌰𐌱𐌲𐌳𐌴𐌵𐌶𐌷𐌹𐌺𐌻𐌼𐌽𐌾𐍃'],
  ['a common word, and much else', 'dragon wheelbarrow antlers'],
  ['many digits after a common word', 'monkey 550199347612'],
  ['a name, and much else', 'lovelace eats wheelbarrows'],
])('%s may be chosen', (_what, password) => expect(alone(password)).toBeNull())

test.each([
  ['14 characters', 'mzq-4 vr_t9 pk', 'tooShort'],
  ['14 letters that take two units each', '😀'.repeat(13) + 'x', 'tooShort'],
  ['an accent that is a letter of its own, composed', 'gru\u0308n'.repeat(3) + '1', 'tooShort'],
  ['the list', '123456789qwerty', 'tooCommon'],
  ['the list, in capitals', 'PasswordPassword', 'tooCommon'],
  ['a common word with counting after it', 'password1234567', 'tooCommon'],
  ['a common word between marks', '!!!!!!!Sunshine!!!!!!!', 'tooCommon'],
  ['a common word, again and again', 'dragondragondragon', 'tooCommon'],
  ['one letter', 'aaaaaaaaaaaaaaaa', 'tooCommon'],
  ['a pattern', 'xy7xy7xy7xy7xy7xy7', 'tooCommon'],
  ['counting', '123456789012345', 'tooCommon'],
  ['counting down', '987654321098765', 'tooCommon'],
  ['the alphabet', 'abcdefghijklmnop', 'tooCommon'],
  ['the username with a year', 'ada.lovelace2026', 'tooPersonal'],
  ['the address', 'ADA@analytical-engine.example', 'tooPersonal'],
  ['the full name', 'Augusta King Augusta', 'tooPersonal'],
  ['the service’s name with a common password', 'users.example.org password', 'tooPersonal'],
])('%s may not: it is %s', (_what, password, weakness) => expect(alone(password)).toBe(weakness))

test.each([
  ['mzq-4vr_', null],
  ['mzq-4vr', 'tooShort'],
  ['sunshine1', 'tooCommon'],
  ['Dragon2026', 'tooCommon'],
  ['analytical', 'tooPersonal'],
  ['analytical12', 'tooPersonal'],
])('beside a second factor, of %j is said: %s', (password, weakness) => expect(withFactor(password)).toBe(weakness))

test('a text made to be hard to look at is looked at in no time', () => {
  const before = process.cpuUsage()
  for (const text of ['a'.repeat(1023) + 'b', 'ab'.repeat(511) + 'a', '1!'.repeat(500) + 'a', ' '.repeat(1000)]) alone(text)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(scaled(500)) // milliseconds of the processor, whatever else it has to do
})

describe('an installation', () => {
  const settings = {
    publicUrl: 'https://wheelbarrow.example',
    passwords: { minimumAlone: 20, minimumWithFactor: 12, history: 0, maximumAgeDays: null },
  }
  test('says how long passwords have to be, and the error says it too', async () => {
    await expect(checkNewPassword(settings, 'mzq-4 vr_t9 pkd', ada)).rejects.toMatchObject({
      code: 'passwords.tooShort',
      details: { least: 20 },
    })
    await expect(checkNewPassword(settings, 'mzq-4 vr_t9 pkd', ada, true)).resolves.toBeUndefined()
  })
  test('is not called in them by its own name', async () => {
    await expect(checkNewPassword(settings, 'the wheelbarrow 2026', {})).rejects.toMatchObject({ code: 'passwords.tooPersonal' })
  })
  test('tells no password in an error', async () => {
    for (const canary of ['canary', 'canary'.repeat(5), 'ada.lovelace canary'])
      await expect(checkNewPassword(settings, canary, ada)).rejects.not.toThrow(canary)
  })
})
