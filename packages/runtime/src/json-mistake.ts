/** A place in a text, from 1 as editors count. */
interface Place {
  readonly line: number
  readonly column: number
}

/**
 * Where a text that is not JSON stops to be it: at the last character of the shortest beginning with which no JSON begins. `JSON.parse` itself says
 * so of some mistakes only, and quotes what stands there. null: it could go on, but ends.
 */
export function placeOfMistake(text: string): Place | null {
  if (couldGoOn(text)) return null
  let [good, bad] = [0, text.length]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (couldGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  const lines = text.slice(0, bad).split(/\r\n|\r|\n/)
  return { line: lines.length, column: lines.at(-1)?.length ?? 0 }
}

/** Whether JSON can begin with a text. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (/end of JSON input|Unterminated string/.test(message)) return true
    const [, position] = /at position (\d+)/.exec(message) ?? []
    return position !== undefined && Number(position) >= text.length
  }
}
