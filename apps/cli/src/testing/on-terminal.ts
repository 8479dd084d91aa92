/** Runs as on a terminal so many columns wide. */
export function onTerminal<T>(width: number, work: () => T): T {
  const before = { isTTY: process.stdout.isTTY, columns: process.stdout.columns }
  Object.assign(process.stdout, { isTTY: true, columns: width })
  try {
    return work()
  } finally {
    Object.assign(process.stdout, before)
  }
}
