import { describe, expect, it, test } from 'vitest'
import type { z } from 'zod'
import { cleanLine, multiLine, printable, singleLine } from './lines.ts'

function complaint(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message
}

describe('singleLine', () => {
  test('is trimmed and in NFC', () => {
    expect(singleLine(200).parse('  Zoe\u0308 ')).toBe('Zo\u00eb')
  })

  test.each(['\u0000', '\n', '\r', '\t', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029'])(
    'refuses the control character %j',
    (letter) => {
      expect(complaint(singleLine(200), `a${letter}b`)).toBe('control characters and line breaks are not allowed')
    },
  )

  test('refuses half a character', () => {
    expect(complaint(singleLine(5), 'a\ud800')).toBe('half a character: this is not well-formed Unicode')
  })

  test('refuses what is longer than its maximum', () => {
    expect(singleLine(5).safeParse('12345').success).toBe(true)
    expect(singleLine(5).safeParse('123456').success).toBe(false)
  })
})

describe('multiLine', () => {
  test('takes line breaks and tabs, and no other control character', () => {
    expect(multiLine(20).parse('a\n\tb\r\nc')).toBe('a\n\tb\r\nc')
    for (const letter of ['\u0000', '\u001b', '\u007f', '\u2028']) {
      expect(complaint(multiLine(20), `a${letter}b`)).toBe('control characters are not allowed')
    }
  })
})

const hidden = {
  'an override of direction': 'user\u202etxt.exe',
  'an isolate': 'a\u2066b',
  'a mark of direction': 'a\u200fb',
  'a zero-width space': 'acme\u200binc',
  'a zero-width joiner between letters': 'ac\u200dme',
  'a zero-width non-joiner between Latin letters': 'ac\u200cme',
  'a soft hyphen': 'ac\u00adme',
  'a grapheme joiner': 'superadmin\u034f',
  'a Hangul filler': 'a\u3164',
  'a halfwidth Hangul filler': '\uffa0',
  'a byte order mark inside': 'a\ufeffb',
  'a variation selector behind a letter': 'a\ufe0f',
  tags: 'a\u{e0061}\u{e007f}',
  'an annotation': 'a\ufff9b\ufffb',
  'a code point that is no character': 'a\ufdd0',
}

const needed = {
  'a heart': '\u2764\ufe0f',
  'a family': '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  'a worker with a colour of skin': '\u{1f469}\u{1f3fd}\u200d\u{1f52c}',
  'a rainbow flag': '\u{1f3f3}\ufe0f\u200d\u{1f308}',
  'the flag of Scotland': '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  'a keycap': '1\ufe0f\u20e3',
  Persian: '\u0646\u0627\u0645\u0647\u200c\u0627\u06cc',
  Sinhala: '\u0dc1\u0dca\u200d\u0dbb\u0dd3',
  Hindi: '\u0915\u094d\u200d\u0937',
  'a variant of an ideograph': '\u845b\u{e0100}',
}

describe('text that others read', () => {
  it.each(Object.entries(hidden))('S24: refuses %s, case 62', (_name, text) => {
    for (const schema of [singleLine(200), multiLine(200)]) expect(schema.safeParse(text).success).toBe(false)
  })

  it.each(Object.entries(needed))('S24: takes %s', (_name, text) => {
    for (const schema of [singleLine(200), multiLine(200)]) expect(schema.parse(text)).toBe(text)
    expect(cleanLine(text)).toBe(text)
  })

  it.each(['\u2800', '\u2800\u2800 \u2800', '\u0301', '\u00a0\u0300'])('S24: refuses %j, in which nothing can be seen', (text) => {
    expect(singleLine(200).safeParse(text).success).toBe(false)
  })

  it('S24: of other systems is kept without what is hidden', () => {
    for (const text of Object.values(hidden)) {
      expect(singleLine(200).safeParse(cleanLine(text)).success).toBe(true)
      expect(cleanLine(`${needed['a family']}${text}`)).toContain(needed['a family'])
    }
    expect(cleanLine('Eve\u202e \n\u0000 Evil\ud800')).toBe('Eve Evil\ufffd')
  })

  it('S24: is printed with a sign where something is hidden', () => {
    for (const text of Object.values(hidden)) expect(printable(text, 64)).toContain('\ufffd')
  })
})
