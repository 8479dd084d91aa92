import type { Resolver } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { within } from '../../../../tests/deadlines.ts'

/** A resolver, and the DNS that it asks. */
export interface ResolverFixture {
  readonly resolver: Resolver
  /** Gives a name one TXT record for each text. */
  publish(name: string, texts: readonly string[]): void
  /** From now on nobody answers. */
  silence(): void
}

/** What every Resolver does. */
export function resolverContract(title: string, make: () => ResolverFixture | Promise<ResolverFixture>): void {
  describe(`Resolver: ${title}`, () => {
    test('gives every text of a name', async () => {
      const { resolver, publish } = await make()
      publish('_denizen.example.com', ['denizen-verification=one', 'v=spf1 -all'])
      publish('_denizen.example.org', ['denizen-verification=another'])
      expect((await resolver.txt('_denizen.example.com')).toSorted()).toEqual(['denizen-verification=one', 'v=spf1 -all'])
    })

    test('gives a text whole that is longer than DNS has strings', async () => {
      const { resolver, publish } = await make()
      const long = Array.from({ length: 300 }, (_, index) => String(index % 10)).join('')
      publish('long.example.com', [long])
      expect(await resolver.txt('long.example.com')).toEqual([long])
    })

    test('asks for a name whatever its case', async () => {
      const { resolver, publish } = await make()
      publish('_denizen.example.com', ['text'])
      expect(await resolver.txt('_Denizen.EXAMPLE.com')).toEqual(['text'])
    })

    test('gives nothing for a name that is not there', async () => {
      const { resolver } = await make()
      expect(await resolver.txt('_denizen.nowhere.example')).toEqual([])
    })

    test('says that nobody answers, in a while that a caller can wait for', async () => {
      const { resolver, publish, silence } = await make()
      publish('_denizen.example.com', ['text'])
      silence()
      const asked = within(15_000, 'an error', resolver.txt('_denizen.example.com'))
      await expect(asked).rejects.toMatchObject({
        code: 'organizations.dnsUnavailable',
        kind: 'unavailable',
        details: { name: '_denizen.example.com' },
      })
    })
  })
}
