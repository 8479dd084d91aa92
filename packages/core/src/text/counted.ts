/**
 * A number with its noun: `1 session`, `2 policies`. What depends on the number is said along with it: `counted(1, 'session ends', 'sessions end')`.
 */
export function counted(count: number, one: string, several = pluralOf(one)): string {
  return `${count} ${count === 1 ? one : several}`
}

function pluralOf(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}
