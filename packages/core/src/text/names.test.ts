import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiDomain, emailForm, usernameForm, usernameProblem } from './index.ts'

/** Characters that have made two names of one, or one of two. */
const troublesome = [
  ...'aAjJsSiIkKoO019._+-mrnﬁǆǅǄßẞſKÅΩΣσςıİŉµΐΰᾳᾼẛ',
  ...'аеорсухіјѕԛӏћ', // Cyrillic
  ...'αοινρκ', // Greek
  ...'אבזא١٢۳०１ａＡｊＪｱﾞガｶ', // directions, digits, widths
  '\u0301',
  '\u0307',
  '\u030c',
  '\u0323',
  '\u0345',
  '\u0328',
  '\u05b0',
  '\u093c',
  '\u3099',
  '\u034f',
  '\u115f',
  '\u3164',
  '\uffa0',
  '\u200b',
  '\u200d',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\u00ad',
  '\ufe0f',
  '\u{e0101}',
  '\u2800',
  '\ud800',
  '\u1100',
  '\u1161',
  '가',
  '\u{1d400}',
]
const name = fc.string({ unit: fc.constantFrom(...troublesome), minLength: 1, maxLength: 8 })
const anything = fc.oneof(name, fc.string({ unit: 'binary', maxLength: 12 }))

const usernameOf = (text: string): string | null => {
  const form = usernameForm(text)
  return usernameProblem(form) === null ? form : null
}

describe('usernames', () => {
  it('S20: have one spelling: of it nothing changes, and it is normalised', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const form = usernameForm(text)
        expect(usernameForm(form)).toBe(form)
        expect(form.normalize('NFC')).toBe(form)
        expect(usernameForm(text.normalize('NFD'))).toBe(usernameForm(text.normalize('NFC')))
        const accepted = usernameOf(text)
        if (accepted === null) return
        for (const other of [accepted.normalize('NFKC'), accepted.normalize('NFD')]) expect(usernameForm(other)).toBe(accepted)
        expect(accepted).toMatch(/^[\p{L}\p{M}\p{Nd}._+-]+$/u)
        expect(accepted).not.toMatch(/\p{Default_Ignorable_Code_Point}/u)
      }),
      { numRuns: 5000 },
    )
  })

  it('S20: every letter of Unicode has one spelling, in lower case', () => {
    const changing: string[] = []
    for (let code = 0x80; code < 0x110000; code++) {
      const text = String.fromCodePoint(code)
      if (!/[\p{L}\p{M}\p{N}\p{S}\p{Cf}]/u.test(text)) continue
      for (const whole of [`a${text}`, `${text}\u030c`]) {
        const form = usernameForm(whole)
        if (usernameForm(form) !== form || form.normalize('NFC') !== form || form.toLowerCase() !== form) changing.push(code.toString(16))
      }
    }
    expect(changing).toEqual([])
  })

  it.each([
    ['J\u030c', '\u01f0'],
    ['\u01f0', 'j\u030c'],
    ['ＡＤＡ', 'ada'],
    ['Ada', 'ada'],
    ['\u212aim', 'kim'],
    ['İsmail', 'ismail'],
    ['Ị\u0307a', 'ịa'],
    ['j\u0307', 'j'],
    ['ｶﾞ', 'ガ'],
    ['Zoe\u0308', 'zo\u00eb'],
  ])('S20: %s and %s are one', (one, other) => {
    expect(usernameOf(one)).toBe(usernameOf(other))
    expect(usernameOf(one)).not.toBeNull()
  })

  it.each([
    ['a grapheme joiner', 'superadmin\u034f'],
    ['a Hangul filler', 'a\u3164'],
    ['nothing but a filler', '\u115f'],
    ['a blank Braille pattern', 'a\u2800'],
    ['a zero-width space', 'ad\u200bmin'],
    ['an override', 'ad\u202emin'],
    ['a variation selector', 'admin\ufe00'],
    ['a ligature', 'ﬁn'],
    ['a mathematical letter', '\u{1d41a}dmin'],
    ['a raised letter', 'admin\u1d43'],
    ['old Hangul', '\u1113\u1161'],
    ['digits of two scripts', 'a1\u0661'],
    ['two directions', 'a\u05d0'],
    ['a heap of marks', 'a\u0323\u0324\u0325\u032d\u0330'],
    ['a mark twice', 'a\u0323\u0323'],
  ])('S20: refuses %s, case 62', (_name, text) => {
    expect(usernameOf(text)).toBeNull()
  })

  it.each(['ada', 'a', '1', 'o.b-c_d+e', 'иван', 'ada-иван', '山田太郎', 'عمر', 'דוד2', 'สมชาย', 'रमेश', 'Ærøskøbing', 'ｱﾝﾅ'])(
    'takes %s',
    (text) => {
      expect(usernameOf(text)).not.toBeNull()
    },
  )

  it.each([
    'usr_01hxyz01hxyz01hxyz01hxyz01',
    'TOK_01HXYZ01HXYZ01HXYZ01HXYZ01',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    '01890A5DAC96774BBCCEB302099A8057',
  ])('S4: refuses the form of an id: %s', (text) => {
    expect(usernameOf(text)).toBeNull()
  })
})

describe('addresses and domains', () => {
  it.each([
    ['info@xn--80a1acny.xn--p1ai', 'info@xn--80a1acny.xn--p1ai'],
    [' Info@ПОЧТА.рф ', 'info@xn--80a1acny.xn--p1ai'],
    ["o'donnel@example.com", "o'donnel@example.com"],
    ['a/b=c%d!e#f&g@example.com', 'a/b=c%d!e#f&g@example.com'],
    ['Ada@Bücher.Example', 'ada@xn--bcher-kva.example'],
    ['ada@ｅxample。com', 'ada@example.com'],
    ['root@localhost', 'root@localhost'],
    ['ada@example.com.', 'ada@example.com'],
  ])('C4: %s is %s', (text, form) => {
    expect(emailForm(text)).toBe(form)
    expect(emailForm(form)).toBe(form)
  })

  it.each([
    ['a letter that lower case would make ASCII', '\u212aim@example.com'],
    ['a dotless i', 'm\u0131ke@example.com'],
    ['a fullwidth letter', 'ａda@example.com'],
    ['a zero-width letter', 'a\u200bda@example.com'],
    ['two addresses', 'a@b.example,c@d.example'],
    ['a line break', 'a@b.example\nBcc: c@d.example'],
    ['angle brackets', 'Ada <ada@example.com>'],
    ['an IP address', 'ada@127.0.0.1'],
    ['a number', 'ada@example.1'],
    ['a port', 'ada@example.com:25'],
    ['a path', 'ada@example.com/x'],
    ['a literal', 'ada@[127.0.0.1]'],
    ['an escape', 'ada@ex%41mple.com'],
    ['an underscore in the domain', 'ada@ex_ample.com'],
    ['no domain', 'ada@'],
    ['no name', '@example.com'],
    ['a long name', `${'a'.repeat(65)}@example.com`],
    ['half a character', 'ada@a\ud800.example'],
  ])('C4: refuses %s', (_name, text) => {
    expect(emailForm(text)).toBeNull()
  })

  it('C4: have one spelling, in ASCII and lower case, whatever comes in', () => {
    const host = fc.array(fc.oneof(name, fc.domain()), { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(host, fc.oneof(fc.emailAddress(), anything), (domain, address) => {
        const form = asciiDomain(domain)
        if (form !== null) {
          expect(form).toMatch(/^[a-z0-9.-]+$/)
          expect(asciiDomain(form)).toBe(form)
          expect(emailForm(`a@${domain}`)).toBe(`a@${form}`)
        }
        const whole = emailForm(address)
        if (whole === null) return
        expect(whole).toMatch(/^[\u0021-\u0040\u005b-\u007e]+$/)
        expect(emailForm(whole)).toBe(whole)
      }),
    )
  })
})
