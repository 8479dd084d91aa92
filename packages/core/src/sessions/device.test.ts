import { expect, test } from 'vitest'
import { deviceOf } from './device.ts'

/** As browsers and programs send them. */
const agents: readonly [name: string, userAgent: string, device: string | null, os: RegExp | null, browser: string | null][] = [
  [
    'Chrome on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
    null,
    /^Windows 10$/,
    'Chrome 130',
  ],
  [
    'Edge on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
    null,
    /^Windows 10$/,
    'Edge 130',
  ],
  [
    'Safari on a Mac',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Apple Macintosh',
    /^Mac OS 10\.15/,
    'Safari 18',
  ],
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0', null, /^Linux/, 'Firefox 132'],
  ['Firefox on Ubuntu', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0', null, /^Ubuntu$/, 'Firefox 131'],
  [
    'Safari on an iPhone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
    'Apple iPhone',
    /^iOS 17\.6/,
    'Mobile Safari 17',
  ],
  [
    'Safari on an iPad',
    'Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
    'Apple iPad',
    /^iOS 16\.7$/,
    'Mobile Safari 16',
  ],
  [
    'Chrome on a Pixel',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36',
    'Google Pixel 8',
    /^Android 14$/,
    'Chrome 129',
  ],
  [
    'Samsung Internet on a Galaxy',
    'Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
    'Samsung SM-S911B',
    /^Android 13$/,
    'Samsung Internet 25',
  ],
  [
    'Opera on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0',
    null,
    /^Windows 10$/,
    'Opera 114',
  ],
  ['curl', 'curl/8.5.0', null, null, null],
  ['Node', 'node', null, null, null],
  ['nothing that is one', '<script>alert(1)</script>', null, null, null],
  ['nothing at all', '', null, null, null],
]

test.each(agents)('%s', (_, userAgent, device, os, browser) => {
  const read = deviceOf(userAgent)
  expect([read.device, read.browser]).toEqual([device, browser])
  if (os === null) expect(read.os).toBeNull()
  else expect(read.os).toMatch(os)
})

test('no user agent is nobody, and one that goes on and on is cut', () => {
  expect(deviceOf(null)).toEqual({ device: null, os: null, browser: null })
  const { device, os, browser } = deviceOf(`Mozilla/5.0 (Linux; Android 14; ${'x'.repeat(600)}) Chrome/129.0`)
  for (const text of [device, os, browser]) expect(text?.length ?? 0).toBeLessThanOrEqual(100)
})
