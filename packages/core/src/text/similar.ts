/** How many letters to add, leave out, change, or swap with their neighbour, to make one text of the other. */
export function distance(one: string, other: string): number {
  const [from, to] = [[...one], [...other]]
  let [before, above] = [[] as number[], Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (const [row, letter] of from.entries()) {
    const line = [row + 1]
    for (const [column, wanted] of to.entries()) {
      const changed = (above[column] ?? 0) + (letter === wanted ? 0 : 1)
      const swapped =
        row > 0 && column > 0 && letter === to[column - 1] && from[row - 1] === wanted ? (before[column - 1] ?? 0) + 1 : changed
      line.push(Math.min(changed, swapped, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1))
    }
    before = above
    above = line
  }
  return above.at(-1) ?? 0
}

/** All candidates with the letters in which they differ, whatever their case; the most similar first. */
export function bySimilarity(
  text: string,
  candidates: readonly string[],
): readonly { readonly candidate: string; readonly letters: number }[] {
  const typed = text.toLowerCase()
  return candidates
    .map((candidate) => ({ candidate, letters: distance(typed, candidate.toLowerCase()) }))
    .toSorted((one, other) => one.letters - other.letters)
}

/** Longer texts are nobody's slip of the hand, and comparing them costs time. */
const longest = 64

/** The candidate that was probably meant: at most a third of its letters differ; null: none. */
export function mostSimilar(text: string, candidates: readonly string[]): string | null {
  if (text.length > longest) return null
  return bySimilarity(text, candidates).find(({ candidate, letters }) => letters <= candidate.length / 3)?.candidate ?? null
}
