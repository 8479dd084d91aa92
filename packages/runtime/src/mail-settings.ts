import { z } from 'zod'
import { hostAndPort } from './host-and-port.ts'
import type { Check } from './setting.ts'
import { refuse } from './setting-formats.ts'

/** The sender of emails. */
export interface Sender {
  readonly name: string
  readonly address: string
}

/** Where email goes: to a mail server, into files (for trying Denizen out), or nowhere. */
export type MailConfig =
  | { readonly kind: 'smtp'; readonly url: string; readonly from: Sender }
  | { readonly kind: 'outbox'; readonly directory: string; readonly from: Sender }
  | { readonly kind: 'none' }

/** Of the sender of emails that are only written to files. */
export const outboxAddress = 'denizen@localhost'

/** `smtp://user:password@host:587`, or `smtps://` for TLS from the start. */
export function parseSmtpUrl(text: string, check: Check): string {
  const wanted = 'must look like smtp://user:password@host:587, or smtps://…:465; special characters in user and password percent-encoded'
  if (!URL.canParse(text)) return refuse(check, wanted)
  const { protocol, hostname, pathname, search, hash } = new URL(text)
  const isPlain = (pathname === '' || pathname === '/') && search === '' && hash === ''
  return /^smtps?:$/.test(protocol) && hostname !== '' && isPlain ? text : refuse(check, wanted)
}

/** `Denizen <no-reply@example.com>`, or the address alone. */
export function parseSender(text: string, check: Check): Sender {
  const [, quoted, address = text.trim()] = /^([^<>]*)<([^<>]+)>$/.exec(text.trim()) ?? []
  const name = (quoted ?? '').trim().replace(/^"(.*)"$/, '$1')
  const fits = z.email().safeParse(address).success || /^[^\s@<>,;:"]+@localhost$/.test(address)
  if (!fits || /\p{Cc}/u.test(name)) return refuse(check, 'must be an address, or a name and an address: Denizen <no-reply@example.com>')
  return { name, address }
}

/** An http or https URL without credentials, query and fragment; a trailing slash is removed. */
export function parsePublicUrl(text: string, check: Check): string {
  const wanted = 'must be the URL at which browsers reach this installation: https://id.example.com, without user, query and fragment'
  if (!URL.canParse(text)) return refuse(check, wanted)
  const { protocol, username, password, search, hash, href } = new URL(text)
  if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== '') return refuse(check, wanted)
  return href.replace(/\/+$/, '')
}

/** Addresses of this machine alone, or all of it: it reaches them by its name. */
const here: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '0.0.0.0', '::'])

/** The URL at which this machine reaches a server that listens on an address: by name where it has one, because passkeys work for names only. */
export function listeningUrl(host: string, port: number): string {
  return `http://${hostAndPort(here.has(host) ? 'localhost' : host, port)}`
}
