import { expect, test } from 'vitest'
import { checkReceipt } from './receipts.ts'

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

test.each([
  { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
  { kty: 'OKP', crv: 'Ed448', x: 'A'.repeat(43) },
  { kty: 'RSA', n: 'AA', e: 'AQAB' },
  { kty: 'none' },
  {},
])('a receipt with %j as its key is none', async (jwk) => {
  const header = { alg: 'EdDSA', typ: 'a-receipt+jws', kid: 'key_1', jwk }
  expect(await checkReceipt(`${encoded(header)}.${encoded({ iat: 1 })}.${'A'.repeat(86)}`, 'a-receipt+jws', null)).toBeNull()
})
