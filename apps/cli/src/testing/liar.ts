import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { kinds, type ActionName } from '@denizen/core/calls'
import superjson from 'superjson'
import { afterAll } from 'vitest'
import { z } from 'zod'
import { signatureOf } from '../calls.ts'

/** What would be a line of the command's own, and red. */
const forged = 'x\u001b[31m\nnext:  give up'
const ids = ['asg', 'exc', 'idn', 'inv', 'org', 'psk', 'pol', 'res', 'rol', 'run', 'ses', 'team', 'tok', 'usr']
/** Texts, the first of which a schema takes: most take anything. */
const texts = [
  forged,
  ...ids.map((prefix) => `${prefix}_${'0'.repeat(26)}`),
  'ada@example.org',
  '2026-11-30T00:00:00.000Z',
  '2026-11-30',
  'ada',
  'document.read',
  'http://127.0.0.1/',
  '127.0.0.1',
]

/** A value that a schema takes, with a forged line in each of its texts that may be anything. Descriptions may have several lines, and have one here. */
function lieOf(schema: z.core.$ZodType, name = ''): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return Object.fromEntries(Object.entries(def.shape).map(([key, field]) => [key, key === 'nextCursor' ? null : lieOf(field, key)]))
    case 'array':
      return [lieOf(def.element, name)]
    case 'record':
      return Object.fromEntries(keysOf(def.keyType).map((key) => [key, lieOf(def.valueType)]))
    case 'nullable':
    case 'optional':
    case 'default':
    case 'readonly':
      return lieOf(def.innerType, name)
    case 'pipe':
      return texts.find((text) => z.safeParse(schema, text).success) ?? lieOf(def.in, name)
    case 'lazy':
      return lieOf(def.getter(), name)
    case 'union':
      return lieOf(def.options[0] as z.core.$ZodType, name)
    case 'enum':
      return Object.values(def.entries)[0]
    case 'literal':
      return def.values[0]
    case 'boolean':
      return true
    case 'date':
      return new Date('2026-11-30T00:00:00Z')
    case 'number':
      return firstOf(schema, [1, 2, 4000, 0])
    case 'string':
    case 'template_literal':
    case 'custom':
      return name === 'description' ? 'one line' : firstOf(schema, texts)
    default:
      return forged
  }
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return def.type === 'enum' ? Object.values(def.entries).map(String) : [String(lieOf(schema))]
}

function firstOf<Value>(schema: z.core.$ZodType, candidates: readonly Value[]): Value {
  const found = candidates.find((candidate) => z.safeParse(schema, candidate).success)
  if (found === undefined)
    throw new Error(`no value for ${JSON.stringify(z.toJSONSchema(schema as z.ZodType, { unrepresentable: 'any' }))}`)
  return found
}

const plan = {
  rows: { [forged]: { inserted: 1, updated: 1, deleted: 1 } },
  sessionsEnded: 1,
  tokensEnded: 1,
  events: { [forged]: 1 },
  jobs: { [`mail ${forged}`]: 1 },
  failed: [{ index: 0, code: forged, message: forged }],
}

function answerTo(path: string): unknown {
  const [first = '', second = '', third = ''] = path.split('.')
  const [namespace, verb] = third === '' ? [first, second] : [second, third]
  const name = `${namespace}.${verb}`
  if (!Object.hasOwn(kinds, name)) throw new Error(`nobody calls ${path}`)
  const answer = lieOf(signatureOf(name as ActionName).output)
  return first === 'plan' ? { ...plan, answer } : answer
}

/** A server that answers every action with what its schema takes, and forges lines in it. Gives its URL. */
export async function liar(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    const { pathname } = new URL(request.url ?? '', 'http://here')
    // A command asks for it where an answer is late.
    if (pathname === '/healthz') return void response.end('ok')
    const answers = pathname
      .replace('/trpc/', '')
      .split(',')
      .map((path) => ({ result: { data: superjson.serialize(answerTo(path)) } }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
