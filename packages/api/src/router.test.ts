import { kinds, signatures, type Signature } from '@denizen/core'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { ManagedUser, SignInAnswer } from '@denizen/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { appRouter, type AppRouter } from './router.ts'

type Inputs = inferRouterInputs<AppRouter>
type Outputs = inferRouterOutputs<AppRouter>

describe('the router', () => {
  it('has every action of core under its own name, queries as queries and commands as mutations', () => {
    const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)
    const exposed = Object.fromEntries(procedures.map(([name, { _def }]) => [name, _def.type === 'query' ? 'query' : 'command']))
    const commands = Object.entries(kinds).filter(([, kind]) => kind === 'command')
    const modes = commands.flatMap(([name, kind]) => ['plan', 'once'].map((mode) => [`${mode}.${name}`, kind] as const))
    expect(exposed).toEqual({ ...kinds, ...Object.fromEntries(modes) })
  })

  it('exposes under each name the action of that name', async () => {
    const called: string[] = []
    const context = {
      requestId: 'r',
      call: async (name: string) => void called.push(name),
      once: async (name: string, _input: unknown, key: string) => void called.push(key === 'k' ? `once.${name}` : 'no key'),
      plan: async (name: string) => void called.push(`plan.${name}`),
    }
    for (const [path, procedure] of Object.entries(
      appRouter._def.procedures as unknown as Record<string, (options: object) => Promise<unknown>>,
    ))
      await procedure({
        ctx: context,
        path,
        getRawInput: async () => (path.startsWith('once.') ? { idempotencyKey: 'k' } : undefined),
        type: 'query',
        signal: undefined,
        batchIndex: 0,
      })
    const names = Object.values(signatures).flatMap((namespace) => Object.values<Signature>(namespace).map(({ name }) => name))
    const commands = names.filter((name) => kinds[name as keyof typeof kinds] === 'command')
    const modes = commands.flatMap((name) => [`plan.${name}`, `once.${name}`])
    expect(called.toSorted()).toEqual([...names, ...modes].toSorted())
  })

  it('carries the types of inputs and outputs', () => {
    expectTypeOf<Inputs['users']['get']>().toEqualTypeOf<{ userId: string }>()
    expectTypeOf<Outputs['users']['get']>().toEqualTypeOf<ManagedUser>()
    expectTypeOf<Outputs['auth']['signIn']>().toEqualTypeOf<SignInAnswer>()
    // @ts-expect-error a status that no user may be set to
    const wrong: Inputs['users']['setStatus'] = { userId: 'usr_', status: 'archived' }
    expect(wrong.status).toBe('archived')
  })
})
