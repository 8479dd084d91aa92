import { z } from 'zod'
import { defineCommand } from '../../kernel/action.ts'
import { inputWords } from '../../kernel/input-words.ts'
import { granted } from '../../kernel/rule.ts'
import { hashSystem, longestHash, readHash } from '../../passwords/index.ts'
import { printable } from '../../text/index.ts'
import { email, fullName, username, usernameFrom } from '../../users/model.ts'
import { accountsSignatures } from '../signatures.ts'
import { findEarlier, readEarlier } from './earlier.ts'
import { countsOf, importAll, prepared } from './import.ts'
import { problemIn, type ImportedUser, type UnreadableUser } from './model.ts'
import { largestRecord } from './record-model.ts'
import { noRoles } from './roles.ts'

/** PostgreSQL cannot store NUL, nor half a character in JSON. */
const storable = z.string().refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'not text that can be stored')

const importedRecord = z
  .strictObject({
    id: z.union([storable.max(255), z.int()]).optional(),
    username: username.optional(),
    email: email.nullish(),
    emailVerified: z.boolean().default(false),
    fullName: fullName.nullish(),
    enabled: z.boolean().default(true),
    needPasswordChange: z.boolean().default(false),
    password: z
      .strictObject({
        system: hashSystem,
        hash: z.string().max(longestHash * 32),
        parameters: z.record(z.string().max(64), z.unknown()).default({}),
      })
      .nullish(),
  })
  .refine(
    ({ username: name, email: address }) => name !== undefined || (address ?? null) !== null,
    'a username or an email address is needed',
  )
type ImportedRecord = z.infer<typeof importedRecord>

export const importRecords = defineCommand(accountsSignatures.importRecords, {
  allow: granted,
  plansAnswer: true,
  async prepare(context, { source, users: records }) {
    const users = usersOf(source, records)
    const origins = users.flatMap((user) => ('problem' in user ? [] : [user.origin]))
    const earlier = await findEarlier(context.reader, origins)
    return { ready: await prepared(context, users, earlier), earlier: [...earlier.values()] }
  },
  locks: ({ earlier }) => earlier,
  async handle(context, { source }, { ready, earlier }) {
    const before = { users: await readEarlier(context.em, earlier), roles: new Map(), known: noRoles }
    const { users, failed, warnings } = await importAll(context, ready, before)
    const { created, unchanged } = countsOf(users)
    context.note({ changes: { source, created, unchanged, failed: failed.length } })
    const told = users.map(({ status, ...user }) => ({ ...user, status: status === 'created' ? status : ('unchanged' as const) }))
    return { created, unchanged, users: told, failed, warnings }
  },
})

function usersOf(source: string, records: readonly unknown[]): readonly (ImportedUser | UnreadableUser)[] {
  const seen = new Set<string>()
  return records.map((record) => {
    const read = readRecord(source, record)
    if ('problem' in read) return read
    if (seen.has(read.origin)) return { username: read.called, problem: 'the file has this user twice' }
    seen.add(read.origin)
    return read
  })
}

function readRecord(source: string, record: unknown): ImportedUser | UnreadableUser {
  const refuse = (problem: string): UnreadableUser => ({ username: nameIn(record), problem })
  if ((JSON.stringify(record) ?? '').length > largestRecord) return refuse('the record is too large')
  const parsed = importedRecord.safeParse(record, { error: inputWords })
  if (!parsed.success) return refuse(problemIn(parsed.error, record))
  const { username: name, email: address, emailVerified, fullName: full, enabled, needPasswordChange, password } = parsed.data
  return {
    called: nameIn(record),
    origin: originOf(source, parsed.data),
    username: name ?? usernameFrom(address),
    usernameIsOurs: name === undefined,
    email: address ?? null,
    emailVerified,
    fullName: full ?? null,
    status: enabled ? 'active' : 'inactive',
    kind: 'human',
    needPasswordChange,
    roles: [],
    ...passwordOf(password ?? null),
  }
}

/** A hash that is not taken over is no password: the user has to reset it. */
function passwordOf(password: NonNullable<ImportedRecord['password']> | null): Pick<ImportedUser, 'password' | 'warnings'> {
  if (password === null) return { password: null, warnings: [] }
  const read = readHash(password.system, password)
  if ('hash' in read) return { password: { hash: read.hash }, warnings: [] }
  return { password: null, warnings: [printable(`${read.problem}; the user must reset the password`, 500)] }
}

/** The id there, or the names. Nobody can change what it is made from here, so it tells a repeated import who is who. */
function originOf(source: string, { id, username: name, email: address }: ImportedRecord): string {
  const from = source.replaceAll(/[%:]/g, (mark) => encodeURIComponent(mark))
  return `records:${from}:${id === undefined ? `name:${name ?? ''} ${address ?? ''}` : `id:${id}`}`
}

function nameIn(record: unknown): string {
  if (record === null || typeof record !== 'object') return ''
  const { username: name, email: address } = record as Readonly<Record<string, unknown>>
  return printable(typeof name === 'string' && name !== '' ? name : typeof address === 'string' ? address : '', 64)
}
