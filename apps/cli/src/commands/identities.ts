import type { Command } from 'commander'

export function addIdentities(_program: Command): void {}
