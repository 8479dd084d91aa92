import { sessionEffects } from '@denizen/core'
import { signatures, type Signature } from '@denizen/core/contract'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const all: readonly Signature[] = Object.values(signatures).flatMap((group) => Object.values(group))

/** The names of all fields in a schema, however deep. */
function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): ReadonlySet<string> {
  const fields = new Set<string>()
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { properties } = node as { readonly properties?: object }
    for (const name of Object.keys(properties ?? {})) fields.add(name)
    Object.values(node).forEach(walk)
  }
  walk(z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
  return fields
}

const named = (wanted: (signature: Signature) => boolean) => all.filter(wanted).map(({ name }) => name)
const effects = (...wanted: readonly Signature['session'][]) => named(({ session }) => session !== undefined && wanted.includes(session))

describe('S16: what an action does to the session of its caller', () => {
  test('is said by every signature whose output holds tokens of a session, and by no other of those that open one', () => {
    const holdTokens = named(({ output }) => ['accessToken', 'refreshToken'].some((field) => fieldsOf(output, 'output').has(field)))
    expect(effects('opens', 'renews', 'opensAnother')).toEqual(holdTokens)
    expect(holdTokens).toContain('passkeys.finishSignIn')
  })

  test('of those, the one that takes a refresh token renews a session, and only impersonation opens one beside it', () => {
    expect(effects('renews')).toEqual(named(({ input }) => fieldsOf(input, 'input').has('refreshToken')))
    expect(effects('opensAnother')).toEqual(['auth.impersonate'])
    expect(effects('ends').toSorted()).toEqual(['auth.signOut', 'auth.stopImpersonating'])
  })

  test('is what clients are told (npm run generate)', () => {
    expect(sessionEffects).toEqual(Object.fromEntries(all.flatMap(({ name, session }) => (session === undefined ? [] : [[name, session]]))))
  })
})
