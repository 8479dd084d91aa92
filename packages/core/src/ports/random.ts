/** Random bytes that nobody can guess (CSPRNG). */
export interface Random {
  bytes(length: number): Uint8Array
}
