import { isObject } from '@denizen/core'
import { malformed } from './errors.ts'
import { deepest } from './json-meter.ts'

type Path = readonly string[]

/**
 * The input in a payload that superjson serialized. superjson's own reader does whatever
 * `meta` says: a few bytes make it build an array of a gigabyte, a cycle, or a tree that is
 * small in memory and endless to walk. This one reads JSON, dates, undefined and the numbers
 * that JSON lacks, in place and in time proportional to the payload, and refuses all else.
 */
export function readInput(payload: unknown): unknown {
  if (payload === undefined) return undefined
  checkDepth(payload)
  if (!isObject(payload)) throw malformed('', 'expected an input as superjson writes it: {"json": …}')
  if (!Object.hasOwn(payload, 'json')) {
    if (Object.keys(payload).length === 0) return undefined
    throw malformed('', 'expected an input as superjson writes it: {"json": …}')
  }
  const { json, meta } = payload
  if (meta === undefined || meta === null) return json
  if (!isObject(meta)) throw malformed('', 'meta has to be an object')
  checkSharing(json, meta['referentialEqualities'])
  let input = json
  for (const { path, type } of annotationsOf(meta['values'], [])) input = converted(input, path, type)
  return input
}

/** Makes nothing on its way, and calls itself no oftener than is allowed: it walks megabytes. */
function checkDepth(value: unknown, depth = 0): void {
  if (depth > deepest) throw malformed('', `nested more than ${deepest} deep`)
  if (Array.isArray(value)) for (const item of value) checkDepth(item, depth + 1)
  else if (isObject(value)) for (const key in value) checkDepth(value[key], depth + 1)
}

/**
 * superjson notes which values are the same object and still writes each in full, so the
 * notes can be ignored, except where it wrote null instead (a cycle, or its `dedupe` option).
 */
function checkSharing(json: unknown, equalities: unknown): void {
  if (equalities === undefined) return
  if (!isObject(equalities)) throw malformed('', 'an input cannot contain itself')
  for (const copies of Object.values(equalities)) {
    if (!Array.isArray(copies)) throw malformed('', 'meta.referentialEqualities has to list paths')
    for (const copy of copies) {
      const path = segmentsOf(copy)
      if (path.reduce((parent, key) => childOf(parent, key, path), json) === null)
        throw malformed(nameOf(path), 'an input cannot contain itself, and superjson must not leave out repeated values')
    }
  }
}

function* annotationsOf(tree: unknown, path: Path): Generator<{ path: Path; type: string }> {
  if (tree === undefined) return
  if (Array.isArray(tree)) {
    const [type] = tree as readonly unknown[]
    if (tree.length !== 1 || typeof type !== 'string') throw malformed(nameOf(path), 'this type is not supported')
    yield { path, type }
  } else if (isObject(tree)) {
    const entries = Object.entries(tree)
    if (entries.length === 0) throw malformed(nameOf(path), 'meta.values names no type here')
    for (const [key, subtree] of entries) yield* annotationsOf(subtree, below(path, segmentsOf(key)))
  } else throw malformed('', 'meta.values has to be a tree of types')
}

/** No value lies deeper than a payload is nested; longer paths would cost more than the payload that names them. */
function below(path: Path, segments: Path): Path {
  if (path.length + segments.length > deepest) throw malformed('', 'a path in meta is too long')
  return [...path, ...segments]
}

/** A path as superjson writes it: segments with dots between, dots and backslashes inside them escaped. */
function segmentsOf(text: unknown): Path {
  if (typeof text !== 'string') throw malformed('', 'paths in meta have to be text')
  const segments: string[] = []
  let segment = ''
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== '.') segment += text[index] === '\\' ? (text[++index] ?? '') : text[index]
    else if (segments.push(segment) > deepest) throw malformed('', 'a path in meta is too long')
    else segment = ''
  }
  return [...segments, segment]
}

function converted(root: unknown, path: Path, type: string): unknown {
  const last = path.at(-1)
  if (last === undefined) return convert(root, type, path)
  const parent = path.slice(0, -1).reduce((value, key) => childOf(value, key, path), root)
  const value = convert(childOf(parent, last, path), type, path)
  ;(parent as Record<string, unknown>)[last] = value
  return root
}

/** Reaches only what the payload itself holds: nothing inherited, and nothing past the end of a list. */
function childOf(parent: unknown, key: string, path: Path): unknown {
  const there = Array.isArray(parent) ? /^\d+$/.test(key) && Object.hasOwn(parent, key) : isObject(parent) && Object.hasOwn(parent, key)
  if (!there) throw malformed(nameOf(path), 'meta names a value that does not exist')
  return (parent as Record<string, unknown>)[key]
}

const numbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
])

function convert(value: unknown, type: string, path: Path): unknown {
  if (type === 'undefined') return undefined
  if (type === 'number' && numbers.has(value)) return numbers.get(value)
  if (type === 'Date' && typeof value === 'string' && !Number.isNaN(Date.parse(value))) return new Date(value)
  throw malformed(nameOf(path), type === 'Date' || type === 'number' ? `this is not a ${type}` : 'this type is not supported')
}

function nameOf(path: Path): string {
  return path.join('.').slice(0, 200)
}
