import { UAParser } from 'ua-parser-js'

/** A user agent's description of itself, to recognise sessions by; never used for decisions. */
export interface Device {
  readonly device: string | null
  readonly os: string | null
  readonly browser: string | null
}

const longest = 100

/** Parses a User-Agent header. Unknown parts are null. */
export function deviceOf(userAgent: string | null): Device {
  if (userAgent === null) return { device: null, os: null, browser: null }
  const { browser, os, device } = new UAParser(userAgent).getResult()
  const named = (...words: readonly (string | undefined)[]): string | null => {
    const text = words.filter((word) => word !== undefined && word !== '').join(' ')
    return text === '' ? null : text.slice(0, longest)
  }
  return {
    device: named(device.vendor, device.model) ?? device.type ?? null,
    os: named(os.name, os.version),
    browser: named(browser.name, browser.major),
  }
}
