import { z } from 'zod'
import { mostSimilar } from '../text/index.ts'

/**
 * What is wrong with a value, in words that go after its name: `limit: must be at least 1`. For `safeParse(value, { error })`; a message
 * that a schema has of its own goes before. undefined: zod's own words.
 */
export function inputWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${types[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return oneOf(
        issue.values.map((value) => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value))),
        issue.input,
      )
    case 'too_small':
      if (issue.minimum === 1 && issue.inclusive !== false && isSized(issue.origin)) return 'must not be empty'
      return bound(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')
    case 'too_big':
      return bound(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')
    case 'invalid_format':
      return formats[issue.format] ?? (issue.format === 'regex' ? `must have the form ${issue.pattern ?? ''}` : undefined)
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `there is no such field${meantOrThere(issue.keys, issue.inst)}`
    case 'invalid_union':
      return ofOneForm(issue.errors, issue.input) ?? 'has none of the forms that are allowed here'
    default:
      return undefined
  }
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a time, such as 2026-01-31T12:00:00Z',
  null: 'null',
  nan: 'a number',
}

const formats: Readonly<Record<string, string>> = {
  email: 'must be an email address',
  url: 'must be a URL',
  datetime: 'must be a time, such as 2026-01-31T12:00:00Z',
  date: 'must be a date, such as 2026-01-31',
  ipv4: 'must be an IPv4 address',
  ipv6: 'must be an IPv6 address',
  uuid: 'must be a UUID',
}

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'items', set: 'items', map: 'entries' }

function isSized(origin: string): boolean {
  return Object.hasOwn(units, origin)
}

function bound({ origin, exact }: { readonly origin: string; readonly exact?: boolean }, limit: number | bigint, words: string): string {
  const how = exact === true ? 'exactly' : words
  return isSized(origin) ? `must have ${how} ${limit} ${units[origin] ?? ''}` : `must be ${how} ${limit}`
}

/** What was probably meant, of many values; else which there are. */
function oneOf(values: readonly string[], given: unknown): string {
  const meant = typeof given === 'string' && values.length > 1 ? mostSimilar(given, values) : null
  if (meant !== null) return `there is no such value; did you mean ${meant}?`
  return `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}`
}

/** What is wrong with the one form of a union that the value is of the type of; undefined: it is of none, or of several. */
function ofOneForm(forms: readonly (readonly z.core.$ZodIssue[])[], given: unknown): string | undefined {
  const near = forms.flatMap(([first, ...more]) => (first === undefined || more.length > 0 || first.path.length > 0 ? [] : [first]))
  const [only, ...others] = near.filter(({ code }) => code !== 'invalid_type' && (code !== 'invalid_value' || typeof given === 'string'))
  return others.length === 0 ? only?.message : undefined
}

/** Fields that are named to somebody who guessed one. */
const mostNamed = 40

/** What was probably meant, of one unknown field; else which fields there are. */
function meantOrThere(unknown: readonly string[], schema: unknown): string {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const [only, ...others] = unknown
  const meant = only === undefined || others.length > 0 ? null : mostSimilar(only, names)
  if (meant !== null) return `; did you mean ${meant}?`
  return names.length === 0 || names.length > mostNamed ? '' : `; there are ${names.join(', ')}`
}
