import { distance } from 'fastest-levenshtein'

/** The candidate that was probably meant, or null: at most a third of its letters differ. */
export function closest(text: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, letters: distance(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, letters }) => letters <= Math.max(1, candidate.length / 3))
    .sort((one, other) => one.letters - other.letters)
  return ranked[0]?.candidate ?? null
}
