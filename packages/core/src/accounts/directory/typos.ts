import { escapeLike } from '../../text/index.ts'
import { hasTrigram } from './sql.ts'

/** The most patterns that are searched: each costs an index lookup. */
const most = 40

/**
 * LIKE patterns for what a text may have been meant to be: one letter of one
 * of its words missing, too many, another, or swapped with its neighbour. Long
 * words first; those of fewer than four letters are taken as they are.
 */
export function typoPatterns(text: string): readonly string[] {
  const words = [...text.matchAll(/\p{L}{4,}/gu)].toSorted((one, other) => other[0].length - one[0].length)
  const patterns = words.flatMap((word) => {
    const before = escapeLike(text.slice(0, word.index))
    const behind = escapeLike(text.slice(word.index + word[0].length))
    return typosOfWord([...word[0]]).map((slip) => `${before}${slip}${behind}`)
  })
  // Without three letters in a row a pattern would be looked for in every row.
  return [...new Set(patterns)].filter((pattern) => hasTrigram(pattern)).slice(0, most)
}

function typosOfWord(letters: readonly string[]): readonly string[] {
  return letters.flatMap((letter, at) => {
    const [before, behind] = [letters.slice(0, at).join(''), letters.slice(at + 1).join('')]
    const [next = ''] = letters.slice(at + 1, at + 2)
    return [
      ...(next !== '' && next !== letter ? [`${before}${next}${letter}${letters.slice(at + 2).join('')}`] : []),
      `${before}${behind}`,
      `${before}_${behind}`,
      ...(at > 0 ? [`${before}_${letter}${behind}`] : []),
    ]
  })
}
