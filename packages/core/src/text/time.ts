/** A time for people, wherever they are: 2026-11-21 19:42 UTC. */
export function timeInWords(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
