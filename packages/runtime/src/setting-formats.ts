import { isIP } from 'node:net'
import { z } from 'zod'
import type { Check } from './setting.ts'

const sizeUnits: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2 }

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message)
}

/** A whole number from `least` to `most`, or `none` (null). */
export function wholeNumberOrNone(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}, or none`
  return z
    .string()
    .regex(/^(\d{1,9}|none)$/, message)
    .transform((text) => (text === 'none' ? null : Number(text)))
    .refine((value) => value === null || (value >= least && value <= most), message)
}

export function refuse(check: Check, message: string): never {
  check.addIssue({ code: 'custom', message })
  return z.NEVER
}

/** 32 bytes in base64url. */
export function parseMasterKey(text: string, check: Check): Uint8Array {
  const key = /^[A-Za-z0-9_-]{43}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64url')) : null
  if (key?.length === 32) return key
  return refuse(check, 'must be 32 bytes in base64url: 43 letters, digits, - and _, without padding')
}

/** Addresses and CIDR blocks, separated by commas. */
export function parseNetworks(text: string, check: Check): readonly string[] {
  const networks = text.split(',').map((network) => network.trim())
  const wrong = networks.find((network) => !isNetwork(network))
  return wrong === undefined ? networks : refuse(check, `"${wrong}" is neither an address nor a CIDR block such as 10.0.0.0/8`)
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

/** A number of bytes. */
export function parseSize(text: string, check: Check): number {
  const [, digits, unit = ''] = /^(\d{1,9})(b|kb|mb)?$/i.exec(text.trim()) ?? []
  const bytes = Number(digits) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN)
  return bytes >= 1024 && bytes <= 1024 ** 3 ? bytes : refuse(check, 'must be a size from 1kb to 1024mb, such as 4mb')
}
