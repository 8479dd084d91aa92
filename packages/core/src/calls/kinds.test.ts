import { readFile } from 'node:fs/promises'
import { actions, kinds } from '@denizen/core'
import { signatures } from '@denizen/core/contract'
import { describe, expect, test } from 'vitest'

const listed = Object.entries(signatures).flatMap(([namespace, verbs]) =>
  Object.entries(verbs).map(([verb, signature]) => ({ path: `${namespace}.${verb}`, ...signature })),
)

describe('the names of actions', () => {
  test('are frozen: those in names.golden.txt, and every one of them (npm run generate adds new ones)', async () => {
    const golden = await readFile(new URL('../../names.golden.txt', import.meta.url), 'utf8')
    const names: string[] = listed.map(({ name }) => name)
    expect(names.toSorted()).toEqual(golden.trimEnd().split('\n'))
  })

  test('are where they say they are, with the kind that the client was told (npm run generate)', () => {
    for (const { name, path } of listed) expect(name).toBe(path)
    expect(kinds).toEqual(Object.fromEntries(listed.map(({ name, kind }) => [name, kind])))
  })

  test('have a handler each, and no handler is without a signature', () => {
    expect([...actions.keys()].toSorted()).toEqual(Object.keys(kinds))
    for (const [name, { signature }] of actions) expect(signature.name).toBe(name)
  })
})
