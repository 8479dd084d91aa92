import { z } from 'zod'

const dateTime =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** A time in an input: a Date, or text as RFC 3339 has it, with its zone, of a day that there is. */
export function instantSince(earliest: Date) {
  const date = z
    .date('a time with its zone, for example 2027-02-28T18:00:00Z')
    .min(earliest, `not before the year ${earliest.getUTCFullYear()}`)
    .max(new Date('9999-12-31T23:59:59.999Z'), 'not after the year 9999')
  return z.preprocess<Date | string, typeof date, Date | string>(
    (value) => (typeof value === 'string' ? (dateIn(value) ?? value) : value) as Date,
    date,
  )
}

/** A time in an input, between 1970 and the year 9999. */
export const instant = instantSince(new Date(0))

function dateIn(text: string): Date | null {
  const [, year, month, day] = dateTime.exec(text) ?? []
  if (year === undefined) return null
  // JavaScript takes 30 February for 2 March.
  const exists = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() >= Number(day)
  return exists ? new Date(text) : null
}
