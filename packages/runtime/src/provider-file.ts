import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { IdentityProvider } from '@denizen/core'
import { inputWords, invalidInputError, isObject } from '@denizen/core/contract'
import { z } from 'zod'
import { placeOfMistake } from './json-mistake.ts'
import type { Check } from './setting.ts'
import { refuse } from './setting-formats.ts'

/** The issuer of an identity provider: others are never asked (defaults/web.ts of core). */
function isIssuer(text: string): boolean {
  if (!isReachable(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

/** Without TLS only this machine. */
export function isReachable(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}

const spokenFor = 'must be the domains of email for which its word counts, such as ["example.com"], or ["*"] for all'

const idForm = /^[a-z0-9][a-z0-9-]{0,31}$/

const provider = z.strictObject({
  id: z.string().regex(idForm, 'must be lower-case letters, digits and hyphens'),
  kind: z.enum(['oidc', 'clerk']).default('oidc'),
  issuer: z.string().refine(isIssuer, 'must be the https URL of a provider, without user or password; http only on this machine'),
  domains: z
    .array(
      z
        .string()
        .toLowerCase()
        .regex(/^(?:\*|[^\s@*]+\.[^\s@*.]+)$/, spokenFor),
      spokenFor,
    )
    .min(1, spokenFor),
  audiences: z.array(z.string().min(1)).min(1),
  client: z
    .strictObject({
      id: z.string().min(1),
      secret: z.string().min(1).nullable().default(null),
      scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile']),
      responseMode: z.enum(['query', 'form_post']).default('query'),
    })
    .nullable()
    .default(null),
  webhookSecret: z.string().min(1).nullable().default(null),
  roles: z
    .strictObject({ claim: z.string().min(1), mapped: z.record(z.string(), z.string()) })
    .nullable()
    .default(null),
})

const wanted = 'must name a JSON file with a list of providers'

/** Reads the providers from a file. Errors say where in the file, never the value, because it holds secrets. */
export function parseProviders(name: string, check: Check): readonly IdentityProvider[] {
  const path = resolve(name)
  const read = readJson(path)
  if ('problem' in read) return refuse(check, `${wanted}${read.problem}`)
  if (!Array.isArray(read.value)) return refuse(check, `${wanted}, and what ${path} holds is no list`)
  const list: readonly unknown[] = read.value
  const parsed = z.array(provider).safeParse(list, { error: inputWords })
  if (!parsed.success) return refuse(check, `${wanted}; in ${path}, ${mistakeIn(parsed.error, list)}`)
  const ids = parsed.data.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  return twice === undefined ? parsed.data : refuse(check, `names the provider ${twice} twice`)
}

/** `local: audience: there is no such field; did you mean audiences?` A field that nobody knows explains one that is missing, so it is told first. */
function mistakeIn({ issues }: z.ZodError, list: readonly unknown[]): string {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  const index = Number(issue?.path[0])
  const given = list[index]
  const inside = issue === undefined ? [] : [{ ...issue, path: issue.path.slice(1) }]
  // Of the whole provider it says `input`, which is a word for callers.
  return `${nameOf(given, index)}: ${invalidInputError(inside, given).message.replace(/^input: /, '')}`
}

/** The id of a provider, or its place in the list, from 1. */
function nameOf(given: unknown, index: number): string {
  const id = isObject(given) ? given['id'] : undefined
  return typeof id === 'string' && idForm.test(id) ? id : `provider ${index + 1}`
}

function readJson(path: string): { readonly value: unknown } | { readonly problem: string } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return { problem: unreadable(path, error instanceof Error && 'code' in error ? String(error.code) : 'unknown') }
  }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    const place = placeOfMistake(text)
    const where = place === null ? 'it ends in the middle' : `it breaks at line ${place.line}, column ${place.column}`
    return { problem: `; ${path} is not JSON: ${where}` }
  }
}

function unreadable(path: string, code: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return `; there is no file ${path}`
    case 'EISDIR':
      return `; ${path} is a directory`
    case 'EACCES':
    case 'EPERM':
      return `; ${path} may not be read by this process`
    default:
      return `; ${path} cannot be read (${code})`
  }
}
