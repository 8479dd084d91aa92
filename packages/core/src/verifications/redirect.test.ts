import { expect, test } from 'vitest'
import { checkedRedirect } from './redirect.ts'

const settings = { publicUrl: 'https://id.example.com/denizen', allowedOrigins: ['https://app.example.com', 'http://localhost:3000'] }

test.each([
  ['https://app.example.com', 'https://app.example.com/'],
  ['https://app.example.com/welcome?to=%2F%2Fevil.example&a=b', 'https://app.example.com/welcome?to=%2F%2Fevil.example&a=b'],
  ['https://app.example.com?a=b', 'https://app.example.com/?a=b'],
  ['http://localhost:3000/in', 'http://localhost:3000/in'],
  ['https://id.example.com/anything', 'https://id.example.com/anything'],
])('%s is allowed', (text, expected) => expect(checkedRedirect(settings, text)).toBe(expected))

test('none is none', () => expect(checkedRedirect(settings, undefined)).toBeNull())

test.each([
  '',
  '/',
  '/path',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'evil.example',
  'https:evil.example',
  'https:app.example.com',
  'https:/app.example.com',
  'https://evil.example',
  'https://app.example.com.evil.example',
  'https://app.example.com@evil.example',
  'https://app.example.com:x@evil.example',
  'https://app.example.com%40evil.example',
  'https://app.example.com%2f@evil.example',
  'https://app.example.com\\@evil.example',
  'https://app.example.com/\\evil.example',
  'https://user@app.example.com',
  'https://user:password@app.example.com',
  'https://app.example.com:8443/',
  'https://app.example.com:443/',
  'http://app.example.com',
  'HTTPS://APP.EXAMPLE.COM/',
  ' https://app.example.com/',
  'https://app.example.com/ ',
  'https://app.example.com/\r\nLocation: https://evil.example',
  'https://app.example.com/\u0000',
  'https://app.example.com/\u2028',
  'https://app.example.com/ünicode',
  'https://аpp.example.com/',
  'https://app。example.com/',
  'https://app.example.com\uFF0Fevil.example',
  'https://app.example.com/#fragment',
  'https://app.example.com#@evil.example',
  'javascript:alert(1)',
  'javascript://app.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:https://app.example.com/x',
  'file:///etc/passwd',
  'https://localhost:3000/',
  'http://localhost:30001/',
  'null',
])('30: %j is not', (text) =>
  expect(() => checkedRedirect(settings, text)).toThrow(expect.objectContaining({ code: 'auth.redirectNotAllowed' }) as Error),
)
