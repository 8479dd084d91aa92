import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ask, useServer } from '../testing/server.ts'

const served = useServer()

describe('the page of passkeys', () => {
  test('runs its own script only, calls nobody else, and is framed by nobody', async () => {
    const { status, headers, text } = await served().get('/passkeys')
    expect(status).toBe(200)
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`,
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
    const { text: page } = await served().get('/passkeys')
    const used = new Set([...script.matchAll(/\b(?:part|on)\('([\w-]+)'/g)].map(([, id]) => id))
    expect(used.size).toBeGreaterThan(15)
    for (const id of used) expect(page).toContain(`id="${id}"`)
    expect(script).not.toMatch(/innerHTML|eval\(|localStorage|sessionStorage|document\.cookie|https?:/)
  })

  test.each(['/passkeys', '/passkeys.js'])('%s is only read', async (path) => {
    expect((await ask(served().server, path, { method: 'POST', body: '{}' })).status).toBe(405)
    expect((await ask(served().server, path, { method: 'HEAD' })).status).toBe(200)
    for (const other of [`${path}/`, `/${path}`, path.toUpperCase()]) expect((await served().get(other)).status).toBe(404)
  })
})
