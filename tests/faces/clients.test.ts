import { describe, expect, it } from 'vitest'
import { cli, rest, sdk, trpc, type Face } from './callers.ts'
import { clientCases, cliCases, type NamedCase } from './cases.ts'
import { usePlace } from './place.ts'
import { Follower } from './trail.ts'

const place = usePlace()
const follower = new Follower(place)

const ofClients = clientCases()
const ofRest: readonly NamedCase[] = [
  ['users.current', 'succeeds'],
  ['users.current', 'fails'],
]

const served: readonly (readonly [Face, readonly NamedCase[]])[] = [
  [trpc, ofClients],
  [sdk, ofClients],
  [cli, cliCases(ofClients)],
  [rest, ofRest],
]

for (const [face, cases] of served) {
  describe(`${face.name}`, () => {
    for (const [name, which] of cases) {
      it(`${name} ${which} as it does in process`, async () => {
        const { trail, expected } = await follower.both(face, name, which)
        expect(trail).toEqual(expected)
      })
    }
  })
}
