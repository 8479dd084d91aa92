import { z } from 'zod'
import { limitedTo } from './input.ts'

/**
 * Text and JSON that can be stored. PostgreSQL cannot store NUL; control characters forge log lines and headers; superjson throws on
 * reserved keys when it writes them, which would break every list with that row.
 */
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const controlsButBreaks = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/

/** One line of text, in NFC, without control characters. */
export function singleLine(maximum: number) {
  return text(maximum, controls, 'control characters and line breaks are not allowed')
}

/** Text of several lines, in NFC. */
export function multiLine(maximum: number) {
  return text(maximum, controlsButBreaks, 'control characters are not allowed')
}

function text(maximum: number, forbidden: RegExp, message: string) {
  return z
    .string()
    .max(maximum)
    .refine((text) => !forbidden.test(text), message)
    .refine((text) => text.isWellFormed(), brokenText)
    .transform((text) => text.normalize('NFC').trim())
}

/** Untrusted text for display and logs: shortened, with U+FFFD for control characters and unpaired surrogates. */
export function printable(text: string, most: number): string {
  return text.normalize('NFC').slice(0, most).replaceAll(/\p{C}/gu, '\uFFFD')
}

/** Escapes the wildcards of LIKE. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`)
}

const brokenText = 'half a character: this is not well-formed Unicode'

/** JSON as stored in the database. */
export type JsonObject = { [key: string]: z.core.util.JSONType }

const reservedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** A JSON object of limited length, without reserved keys, NUL characters or deep nesting. */
export function jsonObject(maximum: number) {
  const object = limitedTo(maximum, z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected a JSON object'))
  return object.transform((value, check) => {
    const complaint = complainAbout(value, 0)
    if (complaint !== null) check.addIssue({ code: 'custom', message: complaint, input: value })
    else if (JSON.stringify(value).length > maximum)
      check.addIssue({ code: 'custom', message: `at most ${maximum} characters of JSON`, input: value })
    return value as JsonObject
  })
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function complainAbout(value: unknown, depth: number): string | null {
  if (depth > 16) return 'nested more than 16 deep'
  if (typeof value === 'string') return complainAboutText(value)
  if (value === null || typeof value === 'boolean') return null
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'numbers must be finite'
  if (Array.isArray(value)) return firstComplaint(value, depth)
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return 'only JSON values are allowed'
  const reserved = Object.keys(value).find((key) => reservedKeys.has(key))
  if (reserved !== undefined) return `the key "${reserved}" is reserved`
  return firstComplaint(Object.keys(value), depth) ?? firstComplaint(Object.values(value), depth)
}

function complainAboutText(text: string): string | null {
  if (text.includes('\u0000')) return 'NUL characters are not allowed'
  return text.isWellFormed() ? null : brokenText
}

function firstComplaint(values: readonly unknown[], depth: number): string | null {
  for (const value of values) {
    const complaint = complainAbout(value, depth + 1)
    if (complaint !== null) return complaint
  }
  return null
}
