import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DenizenError } from '@denizen/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denizen-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(content: string): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.json`)
  await writeFile(path, content)
  return path
}

/** What is wrong with one setting. */
function complaint(name: string, value: string): string {
  try {
    readConfig({ [name]: value })
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'config.invalid') return error.message
    throw error
  }
  return ''
}

const google = {
  id: 'google',
  issuer: 'https://accounts.google.com',
  domains: ['gmail.com'],
  audiences: ['app'],
  client: { id: 'app', secret: 'canary secret' },
}

describe('the settings of sign-in', () => {
  test('are read', async () => {
    const { signIn } = readConfig({
      DENIZEN_SIGN_UP: 'closed',
      DENIZEN_REQUIRE_VERIFIED_EMAIL: 'yes',
      DENIZEN_REQUIRE_FACTOR: 'administrators',
      DENIZEN_MAX_SESSIONS: '3',
      DENIZEN_SESSION_EXCESS: 'refuse',
      DENIZEN_ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:3000/',
      DENIZEN_AGENT_AUDIENCES: 'https://api.example.com, billing',
      DENIZEN_PASSWORD_LENGTH: '20',
      DENIZEN_PASSWORD_LENGTH_WITH_FACTOR: '10',
      DENIZEN_PASSWORD_HISTORY: '5',
      DENIZEN_PASSWORD_MAX_AGE: '90',
      DENIZEN_IDENTITY_PROVIDERS: await file(JSON.stringify([google, { ...google, id: 'clerk', kind: 'clerk', client: null }])),
    })
    expect(signIn).toEqual({
      signUp: 'closed',
      requireVerifiedEmail: true,
      requireFactor: 'administrators',
      maxSessions: 3,
      sessionExcess: 'refuse',
      maxImpersonations: 10,
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
      agentAudiences: ['https://api.example.com', 'billing'],
      passwords: { minimumAlone: 20, minimumWithFactor: 10, history: 5, maximumAgeDays: 90 },
      identityProviders: [
        {
          ...google,
          kind: 'oidc',
          client: { ...google.client, scopes: ['openid', 'email', 'profile'], responseMode: 'query' },
          webhookSecret: null,
          roles: null,
        },
        { ...google, id: 'clerk', kind: 'clerk', client: null, webhookSecret: null, roles: null },
      ],
    })
    expect(readConfig({ DENIZEN_MAX_SESSIONS: 'none', DENIZEN_PASSWORD_MAX_AGE: 'none' }).signIn).toMatchObject({
      maxSessions: null,
      passwords: { maximumAgeDays: null },
    })
  })

  test.each<[name: string, value: string, told: string]>([
    ['DENIZEN_SIGN_UP', 'perhaps', 'open, invited, closed'],
    ['DENIZEN_AGENT_AUDIENCES', 'https://api.example.com,', 'is not an audience'],
    ['DENIZEN_AGENT_AUDIENCES', 'https://', 'is not an audience'],
    ['DENIZEN_MAX_SESSIONS', '0', 'from 1 to 10000, or none'],
    ['DENIZEN_PASSWORD_LENGTH', '6', 'from 8 to 128'],
    ['DENIZEN_PASSWORD_MAX_AGE', 'never', 'or none'],
    ...['*', 'app.example.com', 'http://app.example.com', 'https://app.example.com/path', 'https://user@app.example.com', 'null'].map(
      (origin): [string, string, string] => ['DENIZEN_ALLOWED_ORIGINS', origin, 'is not an origin'],
    ),
    ['DENIZEN_IDENTITY_PROVIDERS', '/nowhere/providers.json', 'JSON file'],
  ])('%s=%s is refused with what it has to be', (name, value, told) => {
    expect(complaint(name, value)).toContain(told)
  })

  test('S25: every provider says for which domains it speaks', async () => {
    const { domains: _, ...unsaid } = google
    for (const wrong of [unsaid, { ...google, domains: [] }, { ...google, domains: ['@example.com'] }])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([wrong])))).toContain(
        'must be the domains of email for which its word counts',
      )
  })

  test('the issuer of a provider is an address that may be asked', async () => {
    for (const issuer of ['http://sso.example.org', 'https://u:pw@a.example', 'ftp://a.example', 'a.example'])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([{ ...google, issuer }])))).toContain(
        'must be the https URL',
      )
    for (const issuer of ['https://a.example/realms/x', 'http://localhost:8080'])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([{ ...google, issuer }])))).toBe('')
  })

  test('a wrong file of providers is told of by place, without what stands there', async () => {
    const wrong = await file(JSON.stringify([google, { ...google, id: 'Not Good' }]))
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', wrong)).toContain('1.id')
    const twice = complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([google, google])))
    expect(twice).toContain('google twice')
    for (const text of [await file('[{"id": "canary secret"'), await file('"canary secret"'), wrong])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', text)).not.toContain('canary')
  })
})
