import type { Command } from 'commander'

export function addSignInHistory(_program: Command): void {}
