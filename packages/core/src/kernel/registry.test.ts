import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand, defineQuery } from './action.ts'
import { actionsIn } from './registry.ts'
import { anyone } from './rule.ts'
import { changes, group, reads } from './signature.ts'

const lamps = group('lamps', {
  light: changes({ summary: 'Light a lamp', input: z.strictObject({}), output: z.boolean() }),
  list: reads({ summary: 'List the lamps', input: z.strictObject({}), output: z.array(z.string()) }),
})
const contract = Object.values(lamps)
const lightLamp = defineCommand(lamps.light, { allow: anyone, handle: async () => true })
const listLamps = defineQuery(lamps.list, { allow: anyone, handle: async () => [] })

describe('a group of signatures', () => {
  test('names each by its namespace and its key', () => {
    expect(contract.map(({ name, kind }) => [name, kind])).toEqual([
      ['lamps.light', 'command'],
      ['lamps.list', 'query'],
    ])
  })
})

describe('the registry', () => {
  test('finds the actions among all that modules export, whatever they are called there', () => {
    const modules = [
      { listLamps, most: 3, none: null, handle: () => 1 },
      { Lamp: class {}, light: lightLamp },
    ]
    expect([...actionsIn(modules, contract)]).toEqual([
      ['lamps.light', lightLamp],
      ['lamps.list', listLamps],
    ])
  })

  test('does not start with a signature that nobody handles', () => {
    expect(() => actionsIn([{ lightLamp }], contract)).toThrow('lamps.list has no handler')
  })

  test('does not start with two handlers for one signature', () => {
    const again = defineCommand(lamps.light, { allow: anyone, handle: async () => false })
    expect(() => actionsIn([{ lightLamp, listLamps }, { again }], contract)).toThrow('lamps.light has two handlers')
  })

  test('does not start with a handler for a signature that is not in the contract, not even for one of the same name', () => {
    const { light } = group('lamps', { light: changes({ summary: 'Another', input: z.strictObject({}), output: z.boolean() }) })
    const other = defineCommand(light, { allow: anyone, handle: async () => true })
    expect(() => actionsIn([{ other, listLamps }], contract)).toThrow('lamps.light has a handler, but is not in the contract')
  })
})
