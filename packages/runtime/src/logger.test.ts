import { describe, expect, test } from 'vitest'
import type { LogLevel } from './config.ts'
import { pinoLogger } from './logger.ts'

function capture(level: LogLevel = 'debug') {
  const lines: string[] = []
  const logger = pinoLogger(level, { write: (line) => void lines.push(line) })
  return { logger, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? 'null') }
}

const token = 'dnz_ses_0123456789abcdefghjkmnpqrstvwxyzABCDEF'

describe('pinoLogger', () => {
  test('writes one JSON object a line', () => {
    const { logger, last } = capture()
    logger.info('Listening.', { url: 'http://127.0.0.1:4000', attempt: 2, at: new Date(0) })
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      msg: 'Listening.',
      url: 'http://127.0.0.1:4000',
      attempt: 2,
      at: '1970-01-01T00:00:00.000Z',
    })
  })

  test('leaves out what is less severe than the level', () => {
    const { logger, lines } = capture('warn')
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    logger.error('d')
    expect(lines).toHaveLength(2)
    capture('silent').logger.error('e')
  })

  test.each([
    ['token in the message', (log: ReturnType<typeof capture>) => log.logger.info(`bad token ${token}.`), token],
    ['token in a field', (log: ReturnType<typeof capture>) => log.logger.info('x', { header: `Bearer ${token}` }), token],
    ['token deep inside', (log: ReturnType<typeof capture>) => log.logger.info('x', { a: [{ b: { c: token } }] }), token],
    ['password field', (log: ReturnType<typeof capture>) => log.logger.info('x', { user: { newPassword: 'hunter2' } }), 'hunter2'],
    [
      'authorization',
      (log: ReturnType<typeof capture>) => log.logger.info('x', { headers: { Authorization: 'Basic aHVudGVyMg' } }),
      'aHVudGVyMg',
    ],
    ['cookie', (log: ReturnType<typeof capture>) => log.logger.info('x', { headers: { 'set-cookie': 'sid=abc123' } }), 'abc123'],
    [
      'password hash',
      (log: ReturnType<typeof capture>) => log.logger.info('x', { row: '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA' }),
      'aGFzaA',
    ],
    [
      'url of a database',
      (log: ReturnType<typeof capture>) => log.logger.info('x', { url: 'postgres://denizen:hunter2@db/denizen' }),
      'hunter2',
    ],
    ['message of an error', (log: ReturnType<typeof capture>) => log.logger.error('x', { error: new Error(`no ${token}`) }), token],
    [
      'cause of an error and what the driver hung on it',
      (log: ReturnType<typeof capture>) =>
        log.logger.error('x', {
          error: new Error('outer', { cause: Object.assign(new Error(token), { detail: 'Key (email)=(eve@example.org)' }) }),
        }),
      /dnz_ses|eve@example/,
    ],
  ])('hides a secret: %s', (_name, write, secret) => {
    const log = capture()
    write(log)
    expect(log.lines).toHaveLength(1)
    if (typeof secret === 'string') expect(log.lines[0]).not.toContain(secret)
    else expect(log.lines[0]).not.toMatch(secret)
  })

  test('keeps what an error is, and its code', () => {
    const { logger, last } = capture()
    logger.error('x', { error: Object.assign(new TypeError('wrong'), { code: '23505' }) })
    expect(last()['error']).toMatchObject({
      type: 'TypeError',
      message: 'wrong',
      code: '23505',
      stack: expect.stringContaining('logger.test.ts'),
    })
  })

  test('ends, also for what refers to itself', () => {
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const { logger, lines } = capture()
    logger.info('x', { loop })
    expect(lines[0]).toContain('[deeper]')
  })
})
