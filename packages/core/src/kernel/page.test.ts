import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { aesCipher } from '../defaults/index.ts'
import type { Cipher } from '../ports/cipher.ts'
import { openCursor, sealCursor, type CursorScope } from './page.ts'

const scope: CursorScope = { action: 'users.list', filters: { status: 'active' }, viewer: 'everywhere' }
const notThisQuery = { code: 'request.invalid', kind: 'invalid', details: { issues: [{ path: 'cursor' }] } }

describe('cursors', () => {
  let cipher: Cipher
  beforeAll(async () => {
    cipher = await aesCipher(new Uint8Array(32).fill(1))
  })

  test('give back the position they were made of', async () => {
    const position = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)))
    await fc.assert(
      fc.asyncProperty(position, async (values) => {
        expect(await openCursor(cipher, scope, await sealCursor(cipher, scope, values))).toEqual(values)
      }),
      { numRuns: 50 },
    )
  })

  test('none is the beginning', async () => {
    expect(await openCursor(cipher, scope, undefined)).toBeNull()
  })

  test.each([
    ['another action', { ...scope, action: 'users.find' }],
    ['another filter', { ...scope, filters: { status: 'suspended' } }],
    ['no filter', { ...scope, filters: {} }],
    ['another viewer', { ...scope, viewer: 'org_x' }],
  ])('do not open for %s', async (_name, other) => {
    const cursor = await sealCursor(cipher, scope, [1, 'usr_a'])
    await expect(openCursor(cipher, other, cursor)).rejects.toMatchObject(notThisQuery)
  })

  test('do not open truncated, forged or made under another key', async () => {
    const cursor = await sealCursor(cipher, scope, [1, 'usr_a'])
    const foreign = await sealCursor(await aesCipher(new Uint8Array(32).fill(2)), scope, [1, 'usr_a'])
    const forged = `1.${btoa('[1,"usr_a"]')}.${btoa('[1,"usr_a"]')}`
    for (const text of ['', 'x', cursor.slice(0, -2), cursor.slice(1), `${cursor}AA`, forged, foreign, btoa('[1]')]) {
      await expect(openCursor(cipher, scope, text)).rejects.toMatchObject(notThisQuery)
    }
  })

  test('show nothing of the position', async () => {
    expect(await sealCursor(cipher, scope, ['usr_01h455vb4pex5vsknk084sn02q'])).not.toMatch(/usr_|01h455/)
  })
})
