/** Names that superjson refuses to write. */
export function isReserved(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** A key as it stands in a path of superjson's: with its dots and backslashes escaped. */
export function escapedKey(key: string): string {
  return key.includes('.') || key.includes('\\') ? key.replaceAll('\\', '\\\\').replaceAll('.', '\\.') : key
}

/** An answer as it leaves this process: JSON, and where in it dates are, which JSON writes as text. */
export class SerializedAnswer {
  readonly json: string
  /** Keys with dots between, dots and backslashes inside a key escaped; each as it stands between the quotes of a JSON text. */
  readonly dates: readonly string[]

  constructor(json: string, dates: readonly string[]) {
    this.json = json
    this.dates = dates
  }
}
