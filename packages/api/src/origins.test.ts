import { beforeEach, describe, expect, it } from 'vitest'
import { useServer, type Reply, type WireError } from './testing/server.ts'

const publicUrl = 'https://users.example.com'
const app = 'https://app.example.com'
const served = useServer({ world: { settings: { publicUrl, allowedOrigins: [app] } } })

const signIn = (headers: Record<string, string>) =>
  served().post('/trpc/auth.signIn', { json: { identifier: 'nobody', password: 'x' } }, headers)
const messageOf = (reply: Reply): string => reply.json<WireError>().error.json.message

describe('O18: the advice about origins', () => {
  const hour = 60 * 60 * 1000
  let start = 0
  /** What is logged is counted by the hour. */
  beforeEach(() => {
    served().world.ports.clock.advance(hour)
    start = served().world.ports.logger.lines.length
  })
  const refusals = () =>
    served()
      .world.ports.logger.lines.slice(start)
      .filter(({ level, fields }) => level === 'warn' && 'origin' in fields)
  const refusalsOf = (origin: string) => refusals().filter(({ fields }) => fields['origin'] === origin)
  const asked = (origin: string) => served().get('/trpc/sessions.whoami', { origin, 'sec-fetch-mode': 'cors' })
  const askedByMany = async () => {
    for (let port = 1; port <= 120; port++) await asked(`http://many.example:${port + 1000}`)
  }

  it('stands in the log once for each origin that asked in vain, whether it asked first or not', async () => {
    const [asking, simple, posting] = ['http://localhost:5173', 'http://localhost:5174', 'http://localhost:5175']
    const preflight = { origin: asking, 'access-control-request-method': 'POST' }
    for (const _ of [1, 2]) await fetch(`${served().server.url}/trpc/auth.signIn`, { method: 'OPTIONS', headers: preflight })
    for (const _ of [1, 2]) await asked(simple)
    await signIn({ origin: posting, 'denizen-session': 'cookie' })
    for (const origin of [asking, simple, posting]) {
      expect(refusalsOf(origin)).toHaveLength(1)
      expect(refusalsOf(origin)[0]?.message).toContain('DENIZEN_ALLOWED_ORIGINS')
    }
  })

  it('does not, for pages of ours and whatever is no origin, and for no more than a hundred', async () => {
    const same = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }
    for (const origin of [publicUrl, app, 'null', 'http://x.example/\u00e4', 'nonsense']) await asked(encodeURI(origin))
    await served().get('/trpc/sessions.whoami', { origin: 'http://127.0.0.1:9', ...same })
    expect(refusals()).toEqual([])
    await askedByMany()
    expect(refusals()).toHaveLength(100)
  })

  it('stands there again after an hour: made-up origins do not hide a real one until a restart', async () => {
    const real = 'https://real.example.com'
    await askedByMany()
    await asked(real)
    expect(refusalsOf(real), 'a hundred others are logged already').toHaveLength(0)
    served().world.ports.clock.advance(hour)
    await asked(real)
    await asked(real)
    expect(refusalsOf(real)).toHaveLength(1)
  })

  it('names the setting for an origin that it helps, and not for another site, where it would not', async () => {
    const helped = await signIn({ origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site', 'denizen-session': 'cookie' })
    expect(messageOf(helped)).toMatch(/not from https:\/\/blog\.example\.com.*DENIZEN_ALLOWED_ORIGINS/)
    const foreignSite = await signIn({ origin: app, 'sec-fetch-site': 'cross-site', 'denizen-session': 'cookie' })
    expect(messageOf(foreignSite)).toContain('localhost and 127.0.0.1 are two')
    expect(messageOf(foreignSite)).not.toContain('DENIZEN_ALLOWED_ORIGINS')
  })
})
