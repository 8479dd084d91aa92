import type { Command } from 'commander'

export function addTokens(_program: Command): void {}
