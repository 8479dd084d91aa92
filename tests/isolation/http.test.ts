import { DenizenError, type DenizenErrorCode, type ErrorKind } from '@denizen/core/contract'
import { afterAll, expect, test } from 'vitest'
import { endPrograms, startServer } from '../processes.ts'
import { failureIn, send } from '../requests.ts'
import { referencesIn } from './cases.ts'
import { all, lineOf, useSurroundings, type Call } from './surroundings.ts'
import { sweep } from './sweep.ts'

const surroundings = useSurroundings(all.filter((signature) => referencesIn(signature).length > 0))
afterAll(endPrograms)

const queries = new Set(all.filter(({ kind }) => kind === 'query').map(({ name }) => name))

function overHttp(url: string): Call {
  return async (name, input, { token }) => {
    const headers = { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
    const body = JSON.stringify({ json: input })
    const answer = await (queries.has(name)
      ? send(url, `/trpc/${name}?input=${encodeURIComponent(body)}`, { headers })
      : send(url, `/trpc/${name}`, { method: 'POST', headers, body }))
    if (answer.status === 200) return JSON.parse(answer.text)
    const { code, kind, message, details } = failureIn(answer)
    throw new DenizenError(code as DenizenErrorCode, kind as ErrorKind, message, { ...details, status: answer.status })
  }
}

test('ABUSE 13: over HTTP too nobody learns of, or changes, anything of another organization', async () => {
  const { rows, environment } = surroundings().database
  // A server has the machine's clock: nobody is to be signed out, or asked who they are, because the sweep takes long.
  await rows(`update tokens set expires_at = expires_at + interval '1 year'`)
  await rows(`update sessions set proved_at = proved_at + interval '1 year', expires_at = expires_at + interval '1 year'`)
  const { url } = await startServer(environment)
  expect((await sweep({ ...surroundings(), call: overHttp(url) }, { places: 'together' })).map(lineOf)).toEqual([])
})
