import { spawnSync } from 'node:child_process'
import { kinds } from '@denizen/core/calls'
import { describe, expect, it } from 'vitest'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()
const scriptOf = async (shell: string) => (await terminal.here(['completion', shell])).stdout

/** Whether there is such a shell here; bash reads what the others take too, as far as quotes and brackets go. */
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

describe('the completion script', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s is one that its shell can read', async (shell) => {
    const script = await scriptOf(shell)
    const checks = [['bash', '-n'], ...(has(shell) ? [[shell, '-n']] : [])]
    for (const [reader = '', option = ''] of checks) {
      const { status, stderr } = spawnSync(reader, [option], { input: script, encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
    }
    for (const word of ['set-status', '--idempotency-key', 'completion', 'users.setStatus']) expect(script).toContain(word)
  })

  it.each([
    [['denizen', 'us'], ['users']],
    [
      ['denizen', 'users', 'set'],
      ['set-legal-hold', 'set-status'],
    ],
    [
      ['denizen', 'users', 'list', '--status', ''],
      ['active', 'archived', 'inactive', 'pending', 'suspended', 'temporary'],
    ],
    [['denizen', 'users', 'list', '--json', '--sort-by', 'last'], ['lastSeenAt']],
    [['denizen', 'users', 'update', 'ada', '--no-e'], ['--no-email-verified']],
    [['denizen', 'users', 'update', 'ada', '--clear', 'allowed'], ['allowed-ips']],
    [['denizen', 'users', 'set-legal-hold', 'ada', 'of'], ['off']],
    [['denizen', 'org'], ['orgs']],
    [
      ['denizen', 'orgs', 'add'],
      ['add-domain', 'add-member'],
    ],
    [['denizen', 'orgs', 'update-member', 'acme', 'ada', 'ow'], ['owner']],
    [['denizen', 'orgs', 'list-invitations', '--state', 're'], ['revoked']],
    [['denizen', 'teams', 'list-members', 'Support', '--o'], ['--org']],
    [['denizen', 'users', 'list', '--st'], ['--status']],
    [['denizen', 'users', '--json', 'set-status', 'ada', 'sus'], ['suspended']],
    [['denizen', 'call', 'users.'], Object.keys(kinds).filter((name) => name.startsWith('users.'))],
    [['denizen', 'migrate', 'down', '--t'], ['--to']],
    [['denizen', 'completion', 'z'], ['zsh']],
    [['denizen', 'users', 'get', 'no-such'], []],
  ])('of bash completes %j', async (words, expected) => {
    const ask = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _denizen; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['-c', `${await scriptOf('bash')}\n${ask}`], { encoding: 'utf8' })
    expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(expected.toSorted())
  })
})
