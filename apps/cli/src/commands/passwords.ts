import type { Command } from 'commander'

export function addPasswords(_program: Command): void {}
