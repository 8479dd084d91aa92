/** The deepest nesting of a payload; no action takes anything nearly as deep. */
export const deepest = 64

/** Bytes for each value in a body: no real input has shorter values throughout. */
const bytesForEachValue = 12

/** The most keys of one object. An object with more is slow to make and to walk; what has many items is a list. */
const mostKeys = 1000

/** The most values in a body of this many bytes. */
export function valuesIn(bytes: number): number {
  return Math.floor(bytes / bytesForEachValue)
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Counts how deep JSON is nested, how many keys its objects have, and about how many values it holds (beginnings of lists and objects, and
 * commas), in one pass over the bytes as they arrive. A parser makes an object of every few bytes; this allocates nothing. Text that is not JSON is left to the parser.
 */
export class JsonMeter {
  readonly #mostValues: number
  #values = 0
  #depth = 0
  /** The number of keys of the open object, by depth; a list begins so far below zero that it never reaches the limit. */
  readonly #keys = new Float64Array(deepest + 1)
  #inText = false
  #escaped = false

  /** @param mostValues the most values that the body may hold */
  constructor(mostValues: number) {
    this.#mostValues = mostValues
  }

  /** What is wrong with the body so far; null: nothing. */
  feed(bytes: Uint8Array): string | null {
    for (let at = this.#inText ? this.#endOfText(bytes, 0) : 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      switch (byte) {
        case quote:
          this.#inText = true
          at = this.#endOfText(bytes, at + 1)
          break
        case openList:
        case openObject:
          this.#values++
          if (++this.#depth > deepest) return `nested more than ${deepest} deep`
          this.#keys[this.#depth] = byte === openList ? Number.NEGATIVE_INFINITY : 1
          break
        case closeList:
        case closeObject:
          this.#depth--
          break
        case comma:
          this.#values++
          if (this.#nextKey() > mostKeys) return `an object with more than ${mostKeys} keys`
      }
      if (this.#values > this.#mostValues) return `more than ${this.#mostValues} values: send fewer at a time`
    }
    return null
  }

  #nextKey(): number {
    const keys = (this.#keys[this.#depth] ?? 0) + 1
    this.#keys[this.#depth] = keys
    return keys
  }

  /** The index of the quote that ends the text; past the end if the text goes on in the next bytes. */
  #endOfText(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) {
        this.#inText = false
        return at
      }
    }
    return bytes.length
  }
}
