import { accessSync, chmodSync, constants, mkdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { defineError } from '@denizen/core'

export const dataDirectoryUnusable = defineError<{ directory: string; reason: string }>(
  'config.dataDirectoryUnusable',
  'invalid',
  ({ directory, reason }) =>
    `The data directory ${directory} cannot be used: ${reason}. Give it to the user that Denizen runs as (chown ${userInfo().uid} ${directory}; ` +
    'for a container, its volume), or name another with DENIZEN_DATA_DIR.',
)

const forOthers = 0o077

/**
 * Makes the data directory, or takes it away from other users of the machine: it holds the master key and all that the database
 * keeps. Throws `config.dataDirectoryUnusable`.
 */
export function prepareDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if ((statSync(directory).mode & forOthers) !== 0) chmodSync(directory, 0o700)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw dataDirectoryUnusable({ directory, reason: reasonOf(error) }, error)
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there, or not keep others from reading it'
  if (code === 'EROFS') return 'it is on a file system that is read-only'
  if (code === 'ENOSPC') return 'the disk is full'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'something in its path is not a directory'
  return error instanceof Error ? error.message : String(error)
}
