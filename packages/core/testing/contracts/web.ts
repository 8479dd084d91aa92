import type { Web, WebAnswer, WebRequest } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { within } from '../../../../tests/deadlines.ts'

/** A web, and one server in it. */
export interface WebFixture {
  readonly web: Web
  /** Where the server is: its origin. */
  readonly url: string
  /** What it answers from now on; null: nothing, ever. */
  answer(answer: ((request: Pick<WebRequest, 'method' | 'body'> & { headers: Readonly<Record<string, string>> }) => WebAnswer) | null): void
}

/** What every Web does. */
export function webContract(title: string, make: () => WebFixture | Promise<WebFixture>): void {
  const unavailable = { code: 'identities.providerUnavailable', kind: 'unavailable' }

  describe(`Web: ${title}`, () => {
    test('gives what a server answers, whatever the status', async () => {
      const { web, url, answer } = await make()
      for (const status of [200, 400, 404, 500]) {
        answer(() => ({ status, body: `{"status":${status},"name":"Zoë"}` }))
        expect(await web.ask({ url: `${url}/a?b=c`, method: 'GET', headers: {} })).toEqual({
          status,
          body: `{"status":${status},"name":"Zoë"}`,
        })
      }
    })

    test('sends method, headers and body', async () => {
      const { web, url, answer } = await make()
      answer(({ method, headers, body }) => ({ status: 200, body: JSON.stringify([method, headers['authorization'], body]) }))
      const headers = { authorization: 'Bearer x', 'content-type': 'application/x-www-form-urlencoded' }
      const { body } = await web.ask({ url: `${url}/`, method: 'POST', headers, body: 'a=b' })
      expect(JSON.parse(body)).toEqual(['POST', 'Bearer x', 'a=b'])
    })

    test('follows no redirect', async () => {
      const { web, url, answer } = await make()
      answer(() => ({ status: 302, body: '' }))
      await expect(web.ask({ url: `${url}/`, method: 'GET', headers: {} })).rejects.toMatchObject(unavailable)
    })

    test('reads no answer without end', async () => {
      const { web, url, answer } = await make()
      answer(() => ({ status: 200, body: 'x'.repeat(2 * 1024 * 1024) }))
      await expect(web.ask({ url: `${url}/`, method: 'GET', headers: {} })).rejects.toMatchObject(unavailable)
    })

    test('asks nobody without TLS but this machine', async () => {
      const { web } = await make()
      await expect(web.ask({ url: 'http://provider.example/', method: 'GET', headers: {} })).rejects.toMatchObject(unavailable)
    })

    test('says that nobody answers, in a while that a caller can wait for', async () => {
      const { web, url, answer } = await make()
      answer(null)
      const asked = within(15_000, 'an error', web.ask({ url: `${url}/`, method: 'GET', headers: {} }))
      await expect(asked).rejects.toMatchObject({
        ...unavailable,
        details: { host: new URL(url).host },
      })
    })
  })
}
