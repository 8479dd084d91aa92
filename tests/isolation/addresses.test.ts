import { beforeAll, describe, expect, test } from 'vitest'
import { addressesOf, addressPlaces, answersAt, askersOf, type Asker } from './addresses.ts'
import { all, useSurroundings } from './surroundings.ts'

/** Every action that takes an address, or a text by which somebody is found. */
const asking = all.filter((signature) => addressPlaces(signature).length > 0)
const places = asking.flatMap((signature) => addressPlaces(signature).map((path) => ({ name: signature.name, path })))

describe('ABUSE 25, 61: whoever is not the owner of an address learns nothing of it', () => {
  const surroundings = useSurroundings(asking)
  let askers: readonly Asker[]
  let addresses: Readonly<Record<string, string>>
  const unasked = new Set<string>()
  beforeAll(async () => {
    askers = await askersOf(surroundings().database)
    addresses = await addressesOf(surroundings().database)
  })

  test.each(places.map(({ name, path }) => [`${name} ${path.join('.')}`, name, path] as const))('%s', async (place, name, path) => {
    const action = surroundings().swept.find(({ signature }) => signature.name === name)
    if (action === undefined) throw new Error(`${name} has an example`)
    for (const asker of askers) {
      const answers = await answersAt(surroundings(), action, { path, asker, addresses })
      if (answers === null) unasked.add(place)
      const [[, usual] = ['', '']] = answers ?? []
      for (const [which, answer] of answers ?? [])
        expect({ asker: asker.name, which, answer }).toEqual({ asker: asker.name, which, answer: usual })
    }
  })

  test('and an action that told it would be found', async () => {
    const [action, asker] = [surroundings().swept.find(({ signature }) => signature.name === 'auth.signUp'), askers[0]]
    if (action === undefined || asker === undefined) throw new Error('both are there')
    const telling = {
      ...surroundings(),
      call: async (_: string, { email }: { email?: unknown }) => ({ free: email !== addresses['proved'] }),
    }
    const answers = await answersAt(telling, action, { path: ['email'], asker, addresses })
    expect(new Set(answers?.map(([, answer]) => answer)).size).toBe(2)
  })

  test('all places are tried, and all ways to name somebody are among them', () => {
    expect([...unasked]).toEqual([])
    const names = places.map(({ name }) => name)
    for (const name of [
      'auth.signIn',
      'auth.signUp',
      'auth.claimAnonymous',
      'users.updateCurrent',
      'users.create',
      'organizations.invite',
      'users.list',
    ])
      expect(names).toContain(name)
  })
})
