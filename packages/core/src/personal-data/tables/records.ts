import { byId, type HeldTable } from '../held.ts'

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
    export: 'it repeats for a day what the other sections say, and can be about others',
  },
  invalidations: {
    purpose: 'The ids of what changed, so that other processes read it again; kept for an hour.',
    people: { keys: 'whose data changed' },
    export: 'it says for a short time that something of an id was changed, and nothing about the person',
  },
  throttles: {
    purpose: 'Failed sign-ins and mails, counted under a keyed fingerprint; kept for a day.',
    people: { key: 'a fingerprint of a name, an account or a network' },
    export: 'it holds a number under a keyed fingerprint, from which nobody is recognized',
  },
}
