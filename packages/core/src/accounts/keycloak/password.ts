import { z } from 'zod'
import { argon2Hash, keycloakPbkdf2, type ReadHash } from '../../passwords/index.ts'
import type { ImportedPassword } from '../import/model.ts'
import { isPassword } from './credentials.ts'
import { keycloakCredential, type KeycloakCredential } from './model.ts'

/** The password of a user, and what is to be told of it. */
export interface FoundPassword {
  readonly password: ImportedPassword | null
  /** It has to be changed at the next sign-in. */
  readonly temporary: boolean
  readonly warnings: readonly string[]
}

const none: FoundPassword = { password: null, temporary: false, warnings: [] }

/** The first password among the credentials. One that cannot be read is none: the user has to reset it. */
export function passwordOf(credentials: readonly unknown[]): FoundPassword {
  const found = credentials.find(isPassword)
  if (found === undefined) return none
  const parsed = keycloakCredential.safeParse(found)
  const warn = (what: string): FoundPassword => ({ ...none, warnings: [`${what}; the user must reset it`] })
  if (!parsed.success) return warn('the password in the file cannot be read')
  const { value, temporary } = parsed.data
  if (value === '') return warn('the password is empty')
  if (typeof value === 'string') return { ...none, password: { plain: value }, temporary: temporary === true }
  const read = hashOf(parsed.data)
  return 'hash' in read
    ? { ...none, password: { hash: read.hash }, temporary: temporary === true }
    : { ...none, warnings: [`the password hash was not taken over: ${read.problem}; the user must reset the password`] }
}

const secretData = z.object({ value: z.string(), salt: z.string() })
const parameter = (name: RegExp) => z.tuple([z.string().regex(name)])
const number = parameter(/^\d{1,7}$/)
const credentialData = z.object({ hashIterations: z.int(), algorithm: z.string(), additionalParameters: z.unknown().optional() })
/** Keycloak's default since version 25. Without a version 1.3 is meant. */
const argon2Parameters = z.object({
  memory: number,
  parallelism: number,
  type: parameter(/^(?:id|i|d)$/),
  version: parameter(/^1\.[03]$/).optional(),
})

const unknownKind: ReadHash = { problem: 'this kind is not read from Keycloak' }

function hashOf(credential: KeycloakCredential): ReadHash {
  const { hashedSaltedValue: value, salt, hashIterations, algorithm } = credential
  const hidden = secretData.safeParse(value === undefined ? parseJson(credential.secretData) : { value, salt })
  const data = credentialData.safeParse(value === undefined ? parseJson(credential.credentialData) : { hashIterations, algorithm })
  if (!hidden.success || !data.success) return { problem: 'a part of it is missing' }
  if (data.data.algorithm === 'argon2') return argon2Of(data.data, hidden.data)
  const digest = { pbkdf2: 'sha1', 'pbkdf2-sha256': 'sha256', 'pbkdf2-sha512': 'sha512' }[data.data.algorithm]
  return digest === undefined ? unknownKind : keycloakPbkdf2(digest, data.data.hashIterations, hidden.data)
}

function argon2Of({ hashIterations, additionalParameters }: z.infer<typeof credentialData>, hidden: z.infer<typeof secretData>): ReadHash {
  const parsed = argon2Parameters.safeParse(additionalParameters)
  if (!parsed.success) return { problem: 'its parameters are not those of argon2' }
  const { memory, parallelism, type, version } = parsed.data
  const cost = { memory: Number(memory[0]), passes: hashIterations, lanes: Number(parallelism[0]) }
  return argon2Hash({ type: type[0], version: version?.[0] ?? '1.3', ...cost, salt: hidden.salt, hash: hidden.value })
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    return undefined // a damaged export: the caller reports that the hash cannot be imported
  }
}
