import { DenizenError, type ErrorKind } from '@denizen/core/calls'
import { expect, it } from 'vitest'
import { failureOf } from './failure.ts'

it('whoever adds an action and has left something out is told what, and not to report a bug', () => {
  const omitted = Object.assign(new Error('users.rename has no handler: export one from a module that handlers.ts names'), {
    name: 'RegistryError',
  })
  const failure = failureOf(omitted, 'denizen serve')
  expect(failure).toMatchObject({ message: `${omitted.message}.`, next: null, exitCode: 1 })
  expect(failureOf(new TypeError('x'), 'denizen serve')).toMatchObject({ next: expect.stringContaining('bug'), exitCode: 1 })
})

it.each(['of a newer server', 'constructor', '__proto__'])(
  'Found by an attacker: an error of an unknown kind is a failure too: %s',
  (kind) => {
    const error = new DenizenError('request.internal', kind as ErrorKind, 'told by a server')
    expect(failureOf(error, 'denizen users list')).toMatchObject({ exitCode: 1 })
  },
)
