import type { Command } from 'commander'

export function addPasskeys(_program: Command): void {}
