/** The message of the first cause; a refused connection may have several, and no text of its own. */
export function rootOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0])
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error)
  return 'cause' in error && error.cause instanceof Error ? rootOf(error.cause) : String(error.message)
}
