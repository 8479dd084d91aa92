import { Spine } from './0001-spine.ts'

/** Every migration, oldest first. A static list: bundlers and Deno find it, and names never depend on files. */
export const migrations = [Spine]
