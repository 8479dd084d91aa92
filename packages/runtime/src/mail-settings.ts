import { z } from 'zod'
import type { Check } from './setting.ts'
import { refuse } from './setting-formats.ts'

/** Who mail comes from. */
export interface Sender {
  readonly name: string
  readonly address: string
}

/** Where mail goes: to a mail server, into files for whoever tries Denizen out, or nowhere. */
export type MailConfig =
  | { readonly kind: 'smtp'; readonly url: string; readonly from: Sender }
  | { readonly kind: 'outbox'; readonly directory: string; readonly from: Sender }
  | { readonly kind: 'none' }

/** Who mail comes from that only lands in files. */
export const outboxSender: Sender = { name: 'Denizen', address: 'denizen@localhost' }

/** `smtp://user:password@host:587`, or `smtps://` where TLS begins at once. */
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

/** An http or https URL without credentials, query and fragment; its slash at the end goes. */
export function parsePublicUrl(text: string, check: Check): string {
  const wanted = 'must be where browsers reach this installation: https://id.example.com, without user, query and fragment'
  if (!URL.canParse(text)) return refuse(check, wanted)
  const { protocol, username, password, search, hash, href } = new URL(text)
  if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== '') return refuse(check, wanted)
  return href.replace(/\/+$/, '')
}

/** Where this machine itself reaches what listens on an address: "all addresses" is no address to go to. */
export function listeningUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
