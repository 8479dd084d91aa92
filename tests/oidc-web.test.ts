import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fetchingWeb } from '@denizen/core'
import { TestWeb, webContract, type WebFixture } from '@denizen/core/testing'
import { afterAll, expect, test } from 'vitest'

type Answer = Parameters<WebFixture['answer']>[0]

const closing: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

webContract('fetch', async () => {
  let answer: Answer = null
  const url = await listen((request, response) => {
    void text(request).then((body) => {
      if (answer === null) return // for ever
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const { status, body: told } = answer({ method: request.method === 'POST' ? 'POST' : 'GET', headers, body })
      response.writeHead(status, status >= 300 && status < 400 ? { location: '/elsewhere' } : {}).end(told)
    })
  })
  return { web: fetchingWeb({ patience: 2_000 }), url, answer: (next) => void (answer = next) }
})

webContract('in memory', () => {
  const web = new TestWeb()
  const url = 'https://provider.example'
  return {
    web,
    url,
    answer: (next) => {
      if (next === null) web.sites.delete(url)
      else web.sites.set(url, next)
    },
  }
})

test('a redirect leads to nobody, and an answer that drips for ever is cut off', async () => {
  const asked: string[] = []
  const url = await listen(({ url: path = '' }, response) => {
    asked.push(path)
    if (path === '/redirect') response.writeHead(302, { location: '/elsewhere' }).end()
    else {
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 50)
      response.once('close', () => clearInterval(drip))
    }
  })
  const web = fetchingWeb({ patience: 500 })
  for (const path of ['/redirect', '/drip'])
    await expect(web.ask({ url: `${url}${path}`, method: 'GET', headers: {} })).rejects.toMatchObject({
      code: 'identities.providerUnavailable',
    })
  expect(asked).toEqual(['/redirect', '/drip'])
})

test.each([
  'http://169.254.169.254/latest',
  'http://localhost.evil.example/',
  'file:///etc/passwd',
  'https://user:password@provider.example/',
  'x',
])('nobody is asked at %s', async (url) => {
  await expect(fetchingWeb().ask({ url, method: 'GET', headers: {} })).rejects.toMatchObject({
    code: 'identities.providerUnavailable',
    details: { problem: 'only https addresses are asked' },
  })
})
