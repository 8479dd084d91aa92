import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idOf, idSchema, isId, newId, uuidOf, type Id } from './id.ts'

const uuid = fc.uuid({ version: 7 })
const random = fc.uint8Array({ minLength: 10, maxLength: 10 })
const instant = fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true })

describe('ids', () => {
  test('hold every UUID and give it back', () => {
    fc.assert(
      fc.property(uuid, (value) => {
        const id = idOf('usr', value)
        expect(isId('usr', id)).toBe(true)
        expect(uuidOf(id)).toBe(value)
      }),
    )
  })

  test('are made with their time in front: later ones sort after earlier ones, as ids and as UUIDs', () => {
    fc.assert(
      fc.property(instant, instant, random, random, (one, other, left, right) => {
        fc.pre(one.getTime() !== other.getTime())
        const [a, b] = [newId('usr', one, left), newId('usr', other, right)]
        expect(a < b).toBe(one < other)
        expect(uuidOf(a) < uuidOf(b)).toBe(one < other)
      }),
    )
  })

  test('are UUIDs of version 7 and of the RFC variant', () => {
    fc.assert(
      fc.property(instant, random, (now, bytes) => {
        expect(uuidOf(newId('ses', now, bytes))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      }),
    )
  })

  test('agree with the TypeID specification', () => {
    // https://github.com/jetify-com/typeid/blob/main/spec/valid.yml, "valid-uuidv7"
    expect(idOf('prefix', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('prefix_01h455vb4pex5vsknk084sn02q')
    expect(uuidOf('prefix_01h455vb4pex5vsknk084sn02q')).toBe('01890a5d-ac96-774b-bcce-b302099a8057')
  })

  test.each([
    ['of another kind', 'ses_01h455vb4pex5vsknk084sn02q', 'this is the id of a session'],
    ['a bare UUID', '01890a5d-ac96-774b-bcce-b302099a8057', 'this is none'],
    ['too short', 'usr_01h455vb4pex5vsknk084sn02', 'this is none'],
    ['too long', 'usr_01h455vb4pex5vsknk084sn02qq', 'this is none'],
    ['more than 128 bits', 'usr_81h455vb4pex5vsknk084sn02q', 'this is none'],
    ['in upper case', 'usr_01H455VB4PEX5VSKNK084SN02Q', 'this is none'],
    ['with a letter outside the alphabet', 'usr_01h455vb4pex5vsknk084sn02u', 'this is none'],
    ['empty', '', 'this is none'],
  ])('refuse what is %s, and say what it is', (_name, text, message) => {
    const parsed = idSchema('usr').safeParse(text)
    expect(parsed.error?.issues[0]?.message).toBe(`must be the id of a user (usr_…); ${message}`)
  })

  test('pass through their schema unchanged', () => {
    const id: Id<'usr'> = 'usr_01h455vb4pex5vsknk084sn02q'
    expect(idSchema('usr').parse(id)).toBe(id)
  })
})
