import type { ActionName } from '@denizen/core/calls'
import type { ErrorDefinition } from '../../packages/core/src/kernel/errors.ts'
import type { Signature } from '@denizen/core/contract'
import type { Action } from '../../packages/core/src/kernel/action.ts'
import { permissionsByRole } from '../../packages/core/src/grants/built-in-roles.ts'
import { namesOf } from '../../packages/core/src/grants/permissions.ts'
import { actions } from '../../packages/core/src/actions.ts'
import { commonErrors } from '../../packages/core/src/common-errors.ts'
import { catalogueOf } from '../../packages/core/src/kernel/catalogue.ts'
import { holdsSecret } from '../../packages/core/src/kernel/secret.ts'
import { linesOf } from '../../apps/cli/src/action-command.ts'
import { createProgram } from '../../apps/cli/src/program.ts'
import { fieldsText, jsonSchemaOf, sampleOf } from './schema-text.ts'

const notice = '<!-- Generated from the signatures by `npm run generate`. -->'

/** The pages of docs/reference, by file name. */
export function referencePages(): Readonly<Record<string, string>> {
  const all = [...actions.values()].toSorted((one, other) => (one.signature.name < other.signature.name ? -1 : 1))
  const namespaces = [...new Set(all.map(namespaceOf))]
  const lines = new Map(linesOf(createProgram()))
  const pages = namespaces.map((namespace) => {
    const sections = all.filter((action) => namespaceOf(action) === namespace).map((action) => sectionOf(action, lines))
    return [`${namespace}.md`, `# ${namespace}\n\n${notice}\n\n${sections.join('\n\n')}\n`]
  })
  return { 'README.md': indexOf(all, namespaces), ...Object.fromEntries(pages) }
}

function namespaceOf({ signature }: Action): string {
  return signature.name.split('.')[0] ?? ''
}

function indexOf(all: readonly Action[], namespaces: readonly string[]): string {
  const rows = namespaces.map((namespace) => {
    const names = all.filter((action) => namespaceOf(action) === namespace).map(({ signature }) => signature.name)
    return `| [${namespace}](${namespace}.md) | ${names.map((name) => `[${name}](${namespace}.md#${anchorOf(name)})`).join(', ')} |`
  })
  return `# Reference\n\n${notice}\n
All actions, each with its input, its output, its errors and who may call it. An action has the same name in process
(\`core.as(actor)\`), in the client, over tRPC (\`/trpc/<name>\`) and in \`denizen call <name>\`. "There" is the organization,
team or resource that the action is about, or everywhere. The role \`superadmin\` has every permission, and
\`monitor\` the permission of every query.\n
| namespace | actions |\n|---|---|\n${rows.join('\n')}\n
## Errors of any action\n
${errorsText(commonErrors)}\n
[Errors](errors.md) has every code with its text.\n`
}

function anchorOf(name: string): string {
  return name.toLowerCase().replace('.', '')
}

function sectionOf({ signature, allow, ...action }: Action, lines: ReadonlyMap<ActionName, string>): string {
  const { name, kind, summary, errors = [] } = signature
  const input = jsonSchemaOf(signature.input)
  const facts = [
    `- **Kind**: ${kind}${'handlesSecret' in action && action.handlesSecret === true ? ', without a dry run, because it checks or returns a secret' : ''}`,
    `- **Allowed for**: ${whoMay(name, allow)}`,
    ...(action.requiresRecentAuth === true ? ['- **Requires recent authentication**: sign in, or call `auth.reauthenticate`'] : []),
    `- **Command line**: ${lineFor(signature, lines)}`,
  ]
  return [
    `## ${name}`,
    `${summary}.`,
    facts.join('\n'),
    `**Input**\n\n${fieldsText(input)}`,
    `**Output**\n\n${fieldsText(jsonSchemaOf(signature.output))}`,
    `**Errors** ${errors.length === 0 ? 'only those of any action.' : `besides those of any action:\n\n${errorsText(errors)}`}`,
    `**Example**\n\n${exampleOf(name, sampleOf(input), holdsSecret(signature.input))}`,
  ].join('\n\n')
}

function lineFor({ name, withoutCommand }: Signature, lines: ReadonlyMap<ActionName, string>): string {
  if (withoutCommand !== undefined) return `none, because ${withoutCommand} (\`denizen call ${name}\` works)`
  return `\`denizen ${lines.get(name as ActionName) ?? `call ${name}`}\``
}

function whoMay(name: string, { who }: Action['allow']): string {
  if (who === undefined) throw new Error(`${name}: its rule does not say whom it lets through; make it with rule('…', …)`)
  const catalogue = catalogueOf([...actions.values()].map(({ signature }) => signature))
  const roles = ['user', 'member', 'admin', 'owner', 'resourceOwner'].filter((role) =>
    namesOf(catalogue, permissionsByRole[role] ?? []).has(name),
  )
  const held =
    roles.length === 0 || !who.includes('permission') ? '' : ` (built-in roles: ${roles.map((role) => `\`${role}\``).join(', ')})`
  return `${who}${held}`
}

function errorsText(errors: readonly ErrorDefinition<never>[]): string {
  const rows = errors.map(({ code, kind }) => `| \`${code}\` | ${kind} |`)
  return ['| code | kind |', '|---|---|', ...rows].join('\n')
}

function exampleOf(name: string, sample: unknown, secret: boolean): string {
  const given = JSON.stringify(sample)
  const typed = given === '{}' ? '' : secret ? ' --input - < input.json' : ` --input '${given}'`
  return `\`\`\`ts\nawait client.${name}(${given === '{}' ? '' : given})\n\`\`\`\n\n\`\`\`sh\ndenizen call ${name}${typed}\n\`\`\``
}
