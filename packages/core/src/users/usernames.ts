import { usernameForm } from '../text/index.ts'
import { username } from './model.ts'
import { hasOnlyAscii, skeletonOf } from './skeleton.ts'

/** Leaves room for a suffix within 64. */
const longestDerived = 50
const longestRead = 256

/**
 * A username for somebody who chose none here: from the first of some texts that gives one, such as what another system calls them,
 * then their address. Of an address the part before the "@" counts; what a username cannot hold is left out.
 */
export function usernameFrom(...texts: readonly (string | null | undefined)[]): string {
  for (const text of texts) {
    const derived = username.safeParse(lettersOf(text ?? ''))
    if (derived.success) return derived.data
  }
  return 'user'
}

function lettersOf(text: string): string {
  const [local = ''] = text.slice(0, longestRead).split('@', 1)
  const letters = usernameForm(local.normalize('NFKC'))
    .replaceAll(/[^\p{L}\p{M}\p{Nd}._+-]|\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/^[^\p{L}\p{Nd}]+/u, '')
  return firstLetters(letters, longestDerived)
}

/** A username with a suffix, for when it is taken. */
export function otherUsername(name: string, id: string): string {
  return `${firstLetters(name, longestDerived)}-${id.slice(-8)}`
}

function firstLetters(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}

/** The skeleton that is stored beside a username: null for one in ASCII, which is its own. */
export function storedSkeleton(name: string): string | null {
  return hasOnlyAscii(name) ? null : skeletonOf(name)
}
