/** A key in a superjson path, with dots and backslashes escaped. */
function escapedKey(key: string): string {
  return key.includes('.') || key.includes('\\') ? key.replaceAll('\\', '\\\\').replaceAll('.', '\\.') : key
}

/** A key in a path, as inside the quotes of a JSON text. */
export function quotedKey(key: string): string {
  return JSON.stringify(escapedKey(key)).slice(1, -1)
}

/** The path of a child. */
export function below(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}
