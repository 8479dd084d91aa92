import { z } from 'zod'
import { brokenText } from '../text/index.ts'
import { limitedTo } from './input.ts'

/** JSON as stored in the database. */
export type JsonObject = { [key: string]: z.core.util.JSONType }

/** Keys that superjson refuses to write, which would break every list with that row. */
export function isReserved(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

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

/** Whether it is an object with fields: not null, and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function complainAbout(value: unknown, depth: number): string | null {
  if (depth > 16) return 'nested more than 16 deep'
  if (typeof value === 'string') return complainAboutText(value)
  if (value === null || typeof value === 'boolean') return null
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'numbers must be finite'
  if (Array.isArray(value)) return firstComplaint(value, depth)
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return 'only JSON values are allowed'
  const reserved = Object.keys(value).find(isReserved)
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
