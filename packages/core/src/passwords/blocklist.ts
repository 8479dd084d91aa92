import { folded } from '../text/index.ts'

/** Bounded by the list, which is part of the program. */
let loaded: Promise<(text: string) => boolean> | undefined

/** The blocklist of common passwords (NIST SP 800-63B-4). Loaded when the first password is chosen. */
export function commonPasswords(): Promise<(text: string) => boolean> {
  loaded ??= load()
  loaded.catch(() => (loaded = undefined))
  return loaded
}

async function load(): Promise<(text: string) => boolean> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const list = new Set(dictionary['passwords-common'].map(folded))
  return (text) => list.has(text)
}
