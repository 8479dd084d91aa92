import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { group, reads } from '../../kernel/signature.ts'
import { sessionId, userId } from '../../kernel/ids.ts'
import { instant } from '../../kernel/instant.ts'
import { permissionName, scope } from '../model.ts'
import { Change, Difference, Explanation, ScopeDescription, UserAt } from './model.ts'

const on = scope.optional().meta({ description: 'the scope: {"organizationId"}, {"teamId"} or {"resourceId"}; nothing: everywhere' })
const permission = permissionName.meta({ description: 'the name of an action, or a permission of an application: document.read' })

/** Actions that explain decisions, now and at other times. */
export const explainSignatures = group('access', {
  explain: reads({
    summary: 'Explain why a user has a permission, or what is missing',
    grantedTo: ['admin', 'resourceOwner'],
    input: z
      .strictObject({
        userId: userId.optional().meta({ description: 'the user (default: you, with this credential)' }),
        sessionId: sessionId.optional().meta({ description: 'in this session of the user: its second factor and active roles count' }),
        permission,
        on,
      })
      .refine(({ userId: user, sessionId: session }) => session === undefined || user !== undefined, {
        path: ['userId'],
        error: 'name `userId`: whose session it is',
      }),
    output: Explanation,
  }),
  at: reads({
    summary: 'Show who could do what at a time, past or future',
    grantedTo: ['admin'],
    input: z.strictObject({
      time: instant.meta({ description: 'when, for example 2026-11-21T08:00:00Z' }),
      userId: userId.optional().meta({ description: 'whose access (default: yours; with a permission: of everybody who had it)' }),
      permission: permission.optional(),
      on,
      ...pageInput,
    }),
    output: pageOf(z.object({ userId, username: z.string() })).extend({
      time: z.date(),
      on: ScopeDescription,
      there: z.boolean().meta({ description: 'whether the scope existed then' }),
      allowed: z.boolean().nullable().meta({ description: 'whether the user had the permission; null: no permission was named' }),
      user: UserAt.nullable(),
    }),
  }),
  compare: reads({
    summary: 'Show who gained and who lost what between two times',
    grantedTo: ['admin'],
    input: z.strictObject({
      from: instant.meta({ description: 'from when, for example 2026-11-01T00:00:00Z' }),
      to: instant.optional().meta({ description: 'until when (default: now)' }),
      userId: userId.optional().meta({ description: 'whose access (default: of everybody in the scope; without a scope: yours)' }),
      permission: permission.optional().meta({ description: 'only who gained or lost this one' }),
      on,
      ...pageInput,
    }),
    output: pageOf(Difference).extend({
      from: z.date(),
      to: z.date().nullable().meta({ description: 'null: until now' }),
      on: ScopeDescription,
      changes: z.array(Change).meta({ description: 'the changes in order; the same with every page' }),
      complete: z.boolean().meta({ description: 'false: there are more changes than are listed' }),
    }),
  }),
})
