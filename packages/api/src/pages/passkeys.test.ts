import { SoftAuthenticator, type SignedInUser } from '@denizen/core/testing'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ask, useServer, type Reply } from '../testing/server.ts'

const served = useServer()

const cookieOf = ({ token }: SignedInUser) => ({ cookie: `denizen=${token}` })
const post = (fields: Record<string, string>, headers: Record<string, string>): Promise<Reply> =>
  ask(served().server, '/passkeys', {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(fields).toString(),
  })

describe('the page of passkeys', () => {
  test('runs its own script only, calls nobody else, and is framed by nobody', async () => {
    const { status, headers, text } = await served().get('/passkeys', cookieOf(await served().world.signUp()))
    expect(status).toBe(200)
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; connect-src 'self'`,
    )
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(text.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="passkeys.js">'])
    expect(text).not.toMatch(/https?:|\son\w+=|style="/)
  })

  test('its script finds every part of the page that it uses, and is told to be a script', async () => {
    const { headers, text: script } = await served().get('/passkeys.js')
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const { text: page } = await served().get('/passkeys', cookieOf(await served().world.signUp()))
    const used = new Set([...script.matchAll(/\bpart\('([\w-]+)'/g)].map(([, id]) => id))
    expect(used).toEqual(new Set(['add', 'name', 'problem', 'register']))
    for (const id of used) expect(page).toContain(`id="${id}"`)
    expect(script).not.toMatch(/innerHTML|eval\(|localStorage|sessionStorage|document\.cookie|https?:/)
  })

  test('lists those of whoever is signed in, and removes one: only after a sign-in of a moment ago, and only for a form of its own', async () => {
    const { world } = served()
    const ada = await world.signUp()
    const { challenge, options } = await ada.as.passkeys.beginRegistration({})
    const response = await new SoftAuthenticator({ origin: 'http://localhost:4000' }).create(options)
    const { passkey } = await ada.as.passkeys.finishRegistration({ challenge, response, name: 'Laptop <b>' })
    expect((await served().get('/passkeys', cookieOf(ada))).text).toContain('Laptop &#60;b&#62;')
    expect((await post({ remove: passkey.id }, { ...cookieOf(ada), 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post({ remove: passkey.id }, cookieOf(await world.signUp()))).status).toBe(404)
    world.clock.advance(6 * 60_000)
    const late = await served().get('/passkeys', cookieOf(ada))
    expect([late.text.includes('Sign in again'), late.text.includes('Remove')]).toEqual([true, false])
    expect((await post({ remove: passkey.id }, cookieOf(ada))).headers.get('location')).toBe('sign-in?next=passkeys')
    const left = async () => (await world.asSystem().passkeys.list({ userId: ada.user.id })).passkeys.length
    expect(await left()).toBe(1)
  })

  test('leads whoever is not signed in to where they do that, and back', async () => {
    const { status, headers } = await ask(served().server, '/passkeys', { redirect: 'manual' })
    expect([status, headers.get('location')]).toEqual([303, 'sign-in?next=passkeys'])
  })

  test('its script is only read', async () => {
    expect((await ask(served().server, '/passkeys.js', { method: 'POST', body: '{}' })).status).toBe(405)
    for (const path of ['/passkeys', '/passkeys.js']) {
      expect((await ask(served().server, path, { method: 'HEAD' })).status).toBe(200)
      for (const other of [`${path}/`, `/${path}`, path.toUpperCase()]) expect((await served().get(other)).status).toBe(404)
    }
  })
})
