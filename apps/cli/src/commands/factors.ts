import type { Command } from 'commander'

export function addFactors(_program: Command): void {}
