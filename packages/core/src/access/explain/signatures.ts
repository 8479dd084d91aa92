import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { group, reads } from '../../kernel/signature.ts'
import { sessionId } from '../../sessions/model.ts'
import { userId } from '../../users/model.ts'
import { instant, permissionName, scope } from '../model.ts'
import { Change, Difference, Explanation, ScopeShown, UserAt } from './model.ts'

const on = scope.optional().meta({ description: 'where: {"organizationId"}, {"teamId"} or {"resourceId"}; nothing: on the whole system' })
const permission = permissionName.meta({ description: 'the name of an action, or a permission of an application: document.read' })

/** The actions of `access` that are made here. */
export const explainSignatures = group('access', {
  explain: reads({
    summary: 'Explain why somebody may do something, or what is missing',
    grantedTo: ['admin', 'resourceOwner'],
    input: z
      .strictObject({
        userId: userId.optional().meta({ description: 'who (default: you, as this credential may)' }),
        sessionId: sessionId.optional().meta({ description: 'in this session of theirs: second factor, and roles that were chosen' }),
        permission,
        on,
      })
      .refine(({ userId: user, sessionId: session }) => session === undefined || user !== undefined, {
        path: ['userId'],
        error: 'name the user whose session it is',
      }),
    output: Explanation,
  }),
  at: reads({
    summary: 'Tell who could do what at some time, past or to come',
    grantedTo: ['admin'],
    input: z.strictObject({
      time: instant.meta({ description: 'when, for example 2026-11-21T08:00:00Z' }),
      userId: userId.optional().meta({ description: 'whose access (default: yours, or with a permission everybody who could)' }),
      permission: permission.optional(),
      on,
      ...pageInput,
    }),
    output: pageOf(z.object({ userId, username: z.string() })).extend({
      time: z.date(),
      on: ScopeShown,
      there: z.boolean().meta({ description: 'whether the place was there then' }),
      allowed: z.boolean().nullable().meta({ description: 'whether the user could; null: there was no such question' }),
      user: UserAt.nullable(),
    }),
  }),
  compare: reads({
    summary: 'Tell who gained and who lost what between two times',
    grantedTo: ['admin'],
    input: z.strictObject({
      from: instant.meta({ description: 'from when, for example 2026-11-01T00:00:00Z' }),
      to: instant.optional().meta({ description: 'until when (default: now)' }),
      userId: userId.optional().meta({ description: 'whose access (default: everybody who is at the place; on the whole system: yours)' }),
      permission: permission.optional().meta({ description: 'only who gained or lost this one' }),
      on,
      ...pageInput,
    }),
    output: pageOf(Difference).extend({
      from: z.date(),
      to: z.date().nullable().meta({ description: 'null: until now' }),
      on: ScopeShown,
      changes: z.array(Change).meta({ description: 'what happened, in order; with every page the same' }),
      complete: z.boolean().meta({ description: 'false: more happened than is told' }),
    }),
  }),
})
