import type { Command } from 'commander'

export function addSessions(_program: Command): void {}
