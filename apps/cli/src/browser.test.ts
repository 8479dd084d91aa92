import { expect, it } from 'vitest'
import { isWebLink, hasVisibleBrowser } from './browser.ts'

it.each([
  ['a desktop', 'linux', true, { DISPLAY: ':0' }, true],
  ['Wayland', 'linux', true, { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['no display', 'linux', true, {}, false],
  ['no display but an empty name', 'linux', true, { DISPLAY: '' }, false],
  ['a Mac', 'darwin', true, {}, true],
  ['Windows', 'win32', true, {}, true],
  ['CI', 'darwin', true, { CI: 'true' }, false],
  ['a machine far away', 'darwin', true, { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, false],
  ['a script', 'darwin', false, {}, false],
] as const)('a browser opens where somebody sees it: %s', (_, platform, isTerminal, environment, seen) => {
  expect(hasVisibleBrowser({ platform, isTerminal, environment })).toBe(seen)
})

it('only links of the web are opened, whatever a server says', () => {
  expect(isWebLink('https://id.example.com/device?user_code=BCDF-GHJK')).toBe(true)
  for (const link of ['file:///etc/passwd', 'javascript:alert(1)', '-a', 'calc.exe', '']) expect(isWebLink(link)).toBe(false)
})
