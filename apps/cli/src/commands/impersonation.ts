import type { Command } from 'commander'

export function addImpersonation(_program: Command): void {}
