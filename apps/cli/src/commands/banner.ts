import type { Config } from '@denizen/runtime'
import { defaultUrl } from '../connection.ts'
import { denizen } from '../common-options.ts'
import { bold, dim, record } from '../output.ts'

/** Columns before everything. */
const margin = 2

/** The first superadmin, with the password that is shown once. */
export interface Admin {
  readonly username: string
  readonly password: string
}

/** Printed at every start. */
export function banner(url: string, config: Config): string {
  return indented(`${bold('Denizen is ready.')}\n\n${placesText(url, config)}`)
}

/** Printed at the first start: how to sign in, and what to try. */
export function firstBanner(url: string, config: Config, admin: Pick<Admin, 'username'>): string {
  const where = url === defaultUrl ? '' : ` --url ${url}`
  const steps: readonly (readonly [string, string])[] = [
    [`${denizen} login --username ${admin.username}${where}`, 'sign in; you are asked for the password'],
    [`${denizen} users create --email ada@example.org --full-name "Ada Lovelace"`, 'create a user'],
    [`${denizen} users list`, 'list all users'],
    [`${denizen} call`, 'list everything that can be done'],
  ]
  const [signIn, ...tries] = steps.map(([line, what]) => `  ${line}\n    ${dim(what)}`)
  return [
    banner(url, config),
    indented(`${bold('Sign in')}, in another terminal:\n${signIn}`),
    indented(`${bold('Then try')}\n${tries.join('\n')}`),
    '',
  ].join('\n')
}

/** Printed once: only a hash of the password is stored. */
export function credentialsText({ username, password }: Admin): string {
  const fields = record(
    [
      ['username', username],
      ['password', password],
    ],
    margin,
  )
  return `${bold('A superadmin is created.')} The password is shown now and never again:\n${fields.replaceAll(/^/gm, '  ')}`
}

function placesText(url: string, config: Config): string {
  return record(
    [
      ['URL', url],
      ['Data', dataText(config)],
      ['Mail', mailText(config)],
      ['Stop', 'Ctrl+C'],
    ],
    margin,
  )
}

/** Where mail goes. */
export function mailText({ mail }: Config): string {
  switch (mail.kind) {
    case 'smtp':
      return `through ${new URL(mail.url).host}, from ${mail.from.address}`
    case 'outbox':
      return `into files in ${mail.directory}, because DENIZEN_SMTP_URL is not set`
    case 'none':
      return 'nowhere: what needs mail is refused until DENIZEN_SMTP_URL and DENIZEN_MAIL_FROM are set'
  }
}

function dataText({ database }: Config): string {
  switch (database.kind) {
    case 'embedded':
      return `${database.directory} (embedded database)`
    case 'memory':
      return 'in memory, lost when the server stops'
    case 'postgres': {
      const { host, pathname } = new URL(database.url)
      return `PostgreSQL ${host}${pathname}`
    }
  }
}

function indented(text: string): string {
  return `\n${text.replaceAll(/^(?=.)/gm, ' '.repeat(margin))}`
}
