const variable = 'DENIZEN_TEST_RUNS'
const times = timesOf(process.env[variable])

/**
 * How often a property is tried with other random values: as often as is said here with `npm test`, and so many times as
 * often as DENIZEN_TEST_RUNS says.
 */
export function runs(count: number): number {
  return Math.max(1, Math.round(count * times))
}

function timesOf(text = ''): number {
  if (text === '') return 1
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new RangeError(`${variable} is how many times as often properties are tried: a positive number, not ${JSON.stringify(text)}.`)
}
