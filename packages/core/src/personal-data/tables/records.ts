import { alreadyAnswered } from '../../kernel/errors.ts'
import { byId, pseudonym, type HeldTable } from '../held.ts'

/** True where an id is the person's, or that of a session, a token or another thing of theirs. */
const theirs = (column: string) => `(t.${column} = {id} or t.${column} = any({things}))`

/** What is answered to whoever sends a call again whose answer told of the person: it is not done twice. */
const answeredAlready = JSON.stringify({
  json: {
    error: {
      code: alreadyAnswered.code,
      kind: alreadyAnswered.kind,
      message: 'This command was carried out already. Its answer was erased with somebody who was purged.',
      details: {},
    },
  },
})

/** What is recorded of calls. */
export const recordTables: Readonly<Record<string, HeldTable>> = {
  audit_entries: {
    purpose: 'What the person did, and what others did to their account.',
    people: {
      actor_id: 'who did it',
      actor_reason: 'who ran the command on the server',
      impersonator_id: 'who acted as that person',
      target_id: 'whom it was done to',
      ip: 'the address it came from',
      user_agent: 'the browser or program',
      changes: 'what was changed',
    },
    purge: {
      forgotten: [
        {
          where: `(t.actor_id = {person} and t.impersonator_id is null) or t.impersonator_id = {person} or (t.actor_kind = 'anonymous' and ${theirs('target_id')})`,
          columns: { ip: 'null', user_agent: 'null' },
        },
        {
          where: `${theirs('target_id')} or t.changes::text ~* {mentions} or (t.actor_id = {person} and t.changes::text ~* {names})`,
          columns: { changes: 'null' },
        },
        {
          where: `t.actor_reason ~* {mentions} or (${theirs('target_id')} and t.actor_reason ~* {names})`,
          columns: { actor_reason: 'null' },
        },
      ],
      kept: { actor_id: pseudonym, impersonator_id: pseudonym, target_id: pseudonym },
      isLong: true,
    },
    export: {
      found: '(t.actor_id = {person} or t.target_id = {id})',
      key: byId,
      shown: {
        id: 'aud',
        at: 'time',
        action: 'value',
        outcome: 'value',
        error_code: 'value',
        actor_kind: 'value',
        actor_id: 'usr',
        session_id: 'ses',
        impersonator_id: 'usr',
        target_type: 'value',
        target_id: 'value',
        organization_id: 'org',
        ip: 'value',
        user_agent: 'value',
        request_id: 'value',
        changes: 'value',
      },
      partly: [
        {
          columns: ['ip', 'user_agent', 'session_id'],
          where: 't.actor_id = {person} and t.impersonator_id is null',
          why: 'is the address, browser and session of another person, who did it',
        },
        {
          columns: ['changes'],
          where: 't.target_id = {id}',
          why: 'what the person changed can be about others; who it was done to is said by targetId',
        },
      ],
      leftOut: {
        actor_reason: 'can name whoever ran the command on the server',
        xid: 'orders the entries',
        duration_ms: 'is about the server',
      },
      inOrganization: 't.organization_id = {organization} or (t.organization_id is null and t.target_id = {id})',
    },
  },
  events: {
    purpose: 'What happened to the account, for applications that follow it.',
    people: { subject: 'whom it happened to', actor_id: 'who did it', payload: 'what happened' },
    purge: {
      forgotten: [
        {
          where: `${theirs('subject')} or t.payload::text ~* {mentions} or (t.actor_id = {person} and t.payload::text ~* {names})`,
          columns: { payload: `'{}'` },
        },
      ],
      kept: { subject: pseudonym, actor_id: pseudonym },
      isLong: true,
    },
    export: {
      found: 't.subject = {id}',
      key: byId,
      shown: { id: 'evt', at: 'time', type: 'value', subject: 'value', organization_id: 'org', actor_id: 'usr', payload: 'value' },
      leftOut: { xid: 'orders the events' },
      inOrganization: 't.organization_id is null or t.organization_id = {organization}',
    },
  },
  job_runs: {
    purpose: 'Runs of jobs that the person asked for; kept for 90 days.',
    people: { requested_by: 'who asked for it', did: 'how many rows of each table are gone', error: 'why it failed' },
    purge: {
      forgotten: [
        { where: 't.requested_by = {person}', columns: { requested_by: 'null' } },
        { where: 't.error ~* {mentions}', columns: { error: 'null' } },
      ],
      kept: { did: 'counts rows, by table' },
    },
    export: {
      found: 't.requested_by = {person}',
      key: byId,
      shown: {
        id: 'run',
        job: 'value',
        state: 'value',
        requested_by: 'usr',
        created_at: 'time',
        started_at: 'time',
        ended_at: 'time',
      },
      leftOut: {
        scheduled_for: 'is empty: somebody asked for it',
        attempts: 'is about the server',
        did: 'counts rows of everybody',
        error: 'is about the server',
        is_cancelled: 'is about the server',
        seen_at: 'is about the server',
      },
      inOrganization: 'false',
    },
  },
  idempotency_keys: {
    purpose: 'Answers to calls of the person, so that a call may be sent again; kept for a day.',
    people: { scope: 'who called', key: 'what the caller chose', answer: 'what was answered' },
    purge: {
      deleted: 'position({id} in t.scope) > 0 or t.key ~* {parts}',
      gone: ['scope', 'key'],
      forgotten: [{ where: 'position({id} in t.answer) > 0 or t.answer ~* {mentions}', columns: { answer: `'${answeredAlready}'` } }],
    },
    export: 'it repeats for a day what the other sections say, and can be about others',
  },
  invalidations: {
    purpose: 'The ids of what changed, so that other processes read it again; kept for an hour.',
    people: { keys: 'whose data changed' },
    purge: { kept: { keys: pseudonym } },
    export: 'it says for a short time that something of an id was changed, and nothing about the person',
  },
  throttles: {
    purpose: 'Failed sign-ins and mails, counted under a keyed fingerprint; kept for a day.',
    people: { key: 'a fingerprint of a name, an account or a network' },
    purge: { kept: { key: 'is a keyed fingerprint, from which nobody is recognized, and gone after a day' } },
    export: 'it holds a number under a keyed fingerprint, from which nobody is recognized',
  },
}
