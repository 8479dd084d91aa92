import { WriteStream } from 'node:tty'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bars } from './chart.ts'

beforeEach(() => {
  for (const name of ['LC_ALL', 'LC_CTYPE', 'LANG', 'TERM']) vi.stubEnv(name, '')
})
afterEach(() => void vi.unstubAllEnvs())

const counts = { active: 1000, suspended: 500, 王小明: 1, archived: 0 }

describe('bars', () => {
  it('are as long as what they count, in eighths of a column; what is there at all can be seen', () => {
    expect(bars(counts).split('\n')).toEqual([
      `active     1000  ${'█'.repeat(30)}`,
      `suspended   500  ${'█'.repeat(15)}`,
      '王小明        1  ▏',
      'archived      0',
    ])
  })

  it.each([
    ['LC_ALL', 'C', '#'],
    ['LANG', 'en_US.ISO-8859-1', '#'],
    ['TERM', 'dumb', '#'],
    ['LANG', 'de_CH.UTF-8', '█'],
    ['LC_CTYPE', 'C.utf8', '█'],
  ])('are plain where blocks cannot be shown: %s=%s', (name, value, sign) => {
    vi.stubEnv(name, value)
    expect(bars({ a: 2, b: 1 })).toBe(`a  2  ${sign.repeat(30)}\nb  1  ${sign.repeat(15)}`)
  })

  it('are coloured on a terminal, unless NO_COLOR says otherwise', () => {
    const terminal = (noColor: string) => {
      vi.stubEnv('NO_COLOR', noColor)
      vi.stubEnv('FORCE_COLOR', undefined)
      vi.stubEnv('TERM', 'xterm')
      vi.stubEnv('CI', undefined)
      const before = { isTTY: process.stdout.isTTY, getColorDepth: process.stdout.getColorDepth }
      Object.assign(process.stdout, { isTTY: true, getColorDepth: WriteStream.prototype.getColorDepth })
      try {
        return bars({ a: 1 })
      } finally {
        Object.assign(process.stdout, before)
      }
    }
    expect(terminal('')).toContain('\u001b[36m█')
    expect(terminal('1')).toBe(`a  1  ${'█'.repeat(30)}`)
  })

  it('of nothing but noughts have no length, and names cannot steer the terminal', () => {
    expect(bars({ 'a\u001b[31m': 0 })).toBe('a\uFFFD[31m  0')
    expect(bars({})).toBe('')
  })
})
