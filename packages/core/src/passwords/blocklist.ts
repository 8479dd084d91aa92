import { foldedPassword } from './rules.ts'

let loaded: Promise<(text: string) => boolean> | undefined

/** The block list: passwords that many people were found to use. It is read when the first password is chosen, not before. */
export function commonPasswords(): Promise<(text: string) => boolean> {
  loaded ??= load()
  loaded.catch(() => (loaded = undefined))
  return loaded
}

async function load(): Promise<(text: string) => boolean> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const list = new Set(dictionary['passwords-common'].map(foldedPassword))
  return (text) => list.has(text)
}
