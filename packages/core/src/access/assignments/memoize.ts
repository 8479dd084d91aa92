/** Runs the work once per key and remembers the result. */
export function memoize<Value>(): (key: unknown, work: () => Promise<Value>) => Promise<Value> {
  const done = new Map<string, Value>()
  return async (key, work) => {
    const text = JSON.stringify(key)
    if (!done.has(text)) done.set(text, await work())
    return done.get(text) as Value
  }
}
