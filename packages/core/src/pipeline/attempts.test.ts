import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newId } from '../kernel/id.ts'
import { retried } from './attempts.ts'

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterEach(() => void vi.restoreAllMocks())

const organizationId = newId('org', new Date(0), new Uint8Array(10))
/** A clock that goes on by so much at each look. */
const assembly = (step = 0, now = 0) => ({ ports: { clock: { monotonic: () => (now += step) } } })
const nothingSpecial = { assembly: assembly(), action: {}, trace: { facts: {} } }

/** Fails so often with that, and tells how patient each attempt was. */
function failing(code: string, times: number) {
  const patience: boolean[] = []
  const attempt = async ({ isPatient }: { readonly isPatient: boolean }) => {
    patience.push(isPatient)
    if (patience.length <= times) throw Object.assign(new Error('It failed.'), { code })
    return 'done'
  }
  return { patience, attempt }
}

test('64: what takes something away from several in an organization gives up its waits twenty times, and then waits for as long as it takes', async () => {
  const { patience, attempt } = failing('55P03', 25)
  const taking = { ...nothingSpecial, action: { takesPrecedence: 'inOrganization' }, trace: { facts: { organizationId } } } as const
  expect(await retried(taking, attempt)).toBe('done')
  expect(patience).toEqual([...Array.from({ length: 20 }, () => false), ...Array.from({ length: 6 }, () => true)])
})

test.each([
  ['anything else', nothingSpecial],
  [
    'what strangers take of their own resources',
    { ...nothingSpecial, action: { takesPrecedence: 'inOrganization' }, trace: { facts: { organizationId: null } } },
  ],
] as const)('%s never waits for long, and is told when it has begun two hundred times', async (_, command) => {
  const { patience, attempt } = failing('55P03', 200)
  await expect(retried(command, attempt)).rejects.toMatchObject({ code: 'request.retriesExhausted' })
  expect([patience.length, new Set(patience)]).toEqual([200, new Set([false])])
})

test('six conflicts are enough, whatever was waited for', async () => {
  const { patience, attempt } = failing('40001', 6)
  await expect(retried(nothingSpecial, attempt)).rejects.toMatchObject({ code: 'request.retriesExhausted' })
  expect(patience).toHaveLength(6)
})

test('nothing begins again after twenty-five seconds of waiting', async () => {
  const { patience, attempt } = failing('55P03', 200)
  await expect(retried({ ...nothingSpecial, assembly: assembly(5_000) }, attempt)).rejects.toMatchObject({
    code: 'request.retriesExhausted',
  })
  expect(patience).toHaveLength(6)
})
