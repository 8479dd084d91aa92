import fc from 'fast-check'
import { expect, it } from 'vitest'
import { instant } from './instant.ts'

it.each([
  ['2027-02-28T18:00:00Z', '2027-02-28T18:00:00.000Z'],
  ['2028-02-29T18:00:00.5+02:00', '2028-02-29T16:00:00.500Z'],
  ['2027-02-28t18:00:00-00:30', '2027-02-28T18:30:00.000Z'],
])('C3: %s is a time', (text, time) => {
  expect(instant.parse(text).toISOString()).toBe(time)
})

it.each([
  '2027-02-30T00:00:00Z',
  '2027-02-29T00:00:00Z',
  '2027-02-28',
  '2027-02-28T18:00:00',
  '2027-02-28T18:00Z',
  '2027-02-28 18:00:00Z',
  '2027-02-28T24:00:00Z',
  '01/02/2027',
  '1',
  '',
  'tomorrow',
  '1969-12-31T23:59:59Z',
  '10000-01-01T00:00:00Z',
  1,
  null,
  true,
  [2027],
  new Date(NaN),
])('C3: %j is none, and the answer says the form', (value) => {
  const parsed = instant.safeParse(value)
  expect(parsed.success).toBe(false)
  expect(parsed.error?.issues[0]?.message).toMatch(/a time with its zone, for example 2027-02-28T18:00:00Z|not before the year 1970/)
})

it('C3: every time is read as it was written', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), (date) => {
      expect(instant.parse(date.toISOString())).toEqual(date)
      expect(instant.parse(date)).toEqual(date)
    }),
  )
})
