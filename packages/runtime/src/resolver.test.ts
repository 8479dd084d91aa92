import { resolverContract } from '@denizen/core/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { dnsResolver } from './resolver.ts'
import { startNameServer, type NameServer } from './testing/name-server.ts'

const servers: NameServer[] = []

async function start(): Promise<NameServer> {
  const server = await startNameServer()
  servers.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

resolverContract('over DNS', async () => {
  const server = await start()
  return {
    resolver: dnsResolver({ servers: [server.address] }),
    publish: (name, texts) => void server.records.set(name, texts),
    silence: () => void (server.mode = 'silent'),
  }
})

describe('over DNS', () => {
  test('a name that is there without texts has none', async () => {
    const server = await start()
    server.records.set('bare.example.com', [])
    expect(await dnsResolver({ servers: [server.address] }).txt('bare.example.com')).toEqual([])
  })

  test('a name server that fails is no proof that nothing is there', async () => {
    const server = await start()
    server.mode = 'fail'
    await expect(dnsResolver({ servers: [server.address] }).txt('_denizen.example.com')).rejects.toMatchObject({
      code: 'organizations.dnsUnavailable',
    })
  })

  test('what was published a moment ago is seen, and the next name server is asked when one is silent', async () => {
    const [silent, answering] = [await start(), await start()]
    silent.mode = 'silent'
    const resolver = dnsResolver({ servers: [silent.address, answering.address] })
    expect(await resolver.txt('_denizen.example.com')).toEqual([])
    answering.records.set('_denizen.example.com', ['now'])
    expect(await resolver.txt('_denizen.example.com')).toEqual(['now'])
  })
})
